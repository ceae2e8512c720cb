"""One query of an evaluation, with its right answers."""

from dataclasses import dataclass

from mvsearch.search.evaluation.outcomes import OutcomeKind
from mvsearch.search.evaluation.queries.distortion.staging import Backdrop
from mvsearch.store.records import Modality, Video


@dataclass(frozen=True, slots=True)
class KnownQuery:
    """One query and its right answers.

    Attributes:
        source: the video it is made from.
        label: its name, the same under every distortion.
        nominal_seconds: length of clips in the tables; clips of short videos are shorter.
        start_seconds, seconds: its interval in the source; zero seconds for a picture.
        text: the words of a lyric line, already distorted.
        spans: the right moments in the source; empty if unknown.
        line_spans: of a query in time, the right moments of its line; `spans` are of its still.
        modalities: those that it can be compared in.
        is_source_right: whether the source is a right answer; for a paraphrase only the videos of
            its group are.
        seed: of the noise and the camera.
        backdrop: what an inset is shown over, or what is heard in a mix.
        heard: the video whose sound a mix has; None for other kinds.
        hidden: ids of the videos that are not ranked, because the backdrop is from them.
    """

    kind: OutcomeKind
    source: Video
    label: str
    distortion: str
    modalities: tuple[Modality, ...]
    nominal_seconds: float | None = None
    start_seconds: float = 0.0
    seconds: float = 0.0
    text: str = ""
    spans: tuple[tuple[float, float], ...] = ()
    line_spans: tuple[tuple[float, float], ...] = ()
    is_source_right: bool = True
    seed: int = 0
    backdrop: Backdrop | None = None
    heard: Video | None = None
    hidden: frozenset[str] = frozenset()

    @property
    def is_picture(self) -> bool:
        """Whether its file is a picture."""
        return self.kind in ("image", "in-time")

    @property
    def videos(self) -> tuple[Video, ...]:
        """The videos that it is made from: that of the picture first."""
        return (self.source,) if self.heard is None else (self.source, self.heard)
