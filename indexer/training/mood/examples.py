"""The examples of a training of moods: vectors and moods of pictures and of sounds."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mvsearch.store.errors import TrainingError
from mvsearch.store.records import Matrix

Reals = npt.NDArray[np.float64]
NEUTRAL = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Pictures and sounds with their moods.

    Attributes:
        pictures: (n, d) vectors of all views, side by side.
        dims: of the views.
        picture_moods: (n, 2) valence and arousal, 0 to 1.
        windows: of each of the m sounds, (w, d) vectors.
        sound_moods: (m, 2).
        revisions: of the vectors' spaces, of pictures and of sound.
        views: of the vectors of pictures.
        fingerprint: of all files and labels.
    """

    pictures: Matrix
    dims: tuple[int, ...]
    picture_moods: Reals
    windows: tuple[Matrix, ...]
    sound_moods: Reals
    revisions: tuple[str, str]
    views: tuple[str, ...]
    fingerprint: str

    def __post_init__(self) -> None:
        """Check that all vectors are finite.

        Raises:
            TrainingError: some are not.
        """
        for what, sides in (("pictures", (self.pictures,)), ("sounds", self.windows)):
            if not all(np.isfinite(vectors).all() for vectors in sides):
                raise TrainingError(f"vectors of {what} are not finite: nothing can be learned")

    def select(self, pictures: npt.NDArray[np.intp], sounds: npt.NDArray[np.intp]) -> "Examples":
        """Some of the pictures and sounds, by their numbers."""
        return Examples(
            self.pictures[pictures],
            self.dims,
            self.picture_moods[pictures],
            tuple(self.windows[number] for number in sounds.tolist()),
            self.sound_moods[sounds],
            self.revisions,
            self.views,
            self.fingerprint,
        )


def number_quadrants(moods: Reals | Matrix) -> npt.NDArray[np.int64]:
    """The quadrant of each mood, 0 to 3: happy, tense, sad, calm."""
    is_pleasant, is_excited = (moods[:, axis] >= NEUTRAL for axis in (0, 1))
    return np.where(is_excited, np.where(is_pleasant, 0, 1), np.where(is_pleasant, 3, 2))


def find_factors(moods: Reals) -> Reals:
    """The factors of valence and arousal about neutral that give them the spread of quadrants.

    Means of many ratings stay near neutral, above all in arousal, whereas the moods of music are
    known by their quadrant alone. The mean square of each axis becomes that of the middles of the
    quadrants, 0.25², so that distances between the sides can be compared.
    """
    spread = np.sqrt(np.square(moods - NEUTRAL).mean(axis=0))
    factors: Reals = 0.25 / np.maximum(spread, 1e-6)
    return factors


def stretch(moods: Reals) -> Reals:
    """Scale (n, 2) moods about neutral; see `find_factors`."""
    return NEUTRAL + (moods - NEUTRAL) * find_factors(moods)
