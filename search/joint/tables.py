"""Where the pictures and the sound of all videos lie in each joint space of a library."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from mvsearch.indexer.audiovisual.towers import Towers
from mvsearch.indexer.audiovisual.used import UsedTowers, find_towers
from mvsearch.indexer.mood.joint import compare as compare_moods
from mvsearch.indexer.mood.used import find_heads
from mvsearch.search.joint.other_side import MODALITIES
from mvsearch.search.joint.places import Places, read_places
from mvsearch.search.query.spaces import profile_spaces
from mvsearch.store.library import Library
from mvsearch.store.records import Embeddings, Matrix, Side

MOOD, TRAINED = "mood", "trained"


@dataclass(frozen=True, slots=True, eq=False)
class JointTable:
    """One joint space of a library.

    Attributes:
        name: MOOD or TRAINED.
        pictures: of the videos with a picture.
        sounds: of the videos with sound.
        compare: gives the (n, m) similarities of (n, k) pictures and (m, k) sounds.
        project: gives the place (k,) of one side of a file that need not be in the library, by its
            vectors; None where they lack a space.
        unseen: the videos that nothing of the space was learned from; None for all.
        towers: of the space TRAINED.
    """

    name: str
    pictures: Places
    sounds: Places
    compare: Callable[[Matrix, Matrix], Matrix]
    project: Callable[[Side, Sequence[Embeddings]], Matrix | None]
    unseen: frozenset[str] | None = None
    towers: Towers | None = None

    def list_places(self, side: Side) -> Places:
        """Where one side of the videos lies."""
        return self.pictures if side == "picture" else self.sounds


def read_tables(library: Library) -> list[JointTable]:
    """The joint spaces of a library; one of its sides may be of no video.

    Raises:
        LibraryDamagedError: the towers of the library are damaged.
    """
    return [table for table in (read_mood_table(library), read_trained_table(library)) if table]


def read_mood_table(library: Library) -> JointTable | None:
    """The joint space of moods; None without heads, or where no mood is known of any video."""
    spaces = profile_spaces(library)
    used = find_heads(library.files)
    heads = [used.find(spaces[m]) if m in spaces else None for m in ("frames", "audio")]
    picture_head, sound_head = heads
    if picture_head is None or sound_head is None:
        return None
    found = [
        library.catalog.mood_table("picture", head=picture_head.revision),
        library.catalog.mood_table("sound", head=sound_head.revision),
    ]
    if not any(one.joint.size for one in found):
        return None
    pictures, sounds = (Places(tuple(one.video_ids), one.joint) for one in found)

    def project(side: Side, made: Sequence[Embeddings]) -> Matrix | None:
        head = picture_head if side == "picture" else sound_head
        encoder = spaces[MODALITIES[side]].encoder
        views = {one.space.view: one.vectors for one in made if one.space.encoder == encoder}
        has_all = all(len(views.get(view, ())) for view in head.views)
        return head.project(head.join(views)) if has_all else None

    return JointTable(MOOD, pictures, sounds, compare_moods, project)


def compare_directions(pictures: Matrix, sounds: Matrix) -> Matrix:
    """The cosines (n, m) of (n, k) and (m, k) unit vectors."""
    cosines: Matrix = pictures @ sounds.T
    return cosines


# The table of each open library, and the state that it is of.
_TRAINED: WeakKeyDictionary[Library, tuple[object, JointTable]] = WeakKeyDictionary()


def read_trained_table(library: Library) -> JointTable | None:
    """The space of the towers in use; None without any, or where the library has other spaces.

    It is read once for a state of the library.

    Raises:
        LibraryDamagedError: the towers are damaged.
    """
    used = find_towers(library.files)
    keys = {space.key for space in profile_spaces(library).values()}
    if used is None or not {used.picture_space, used.sound_space} <= keys:
        return None
    state = (
        used.digest,
        library.catalog.generation(used.picture_space),
        library.catalog.generation(used.sound_space),
    )
    with library.working_on(TRAINED):
        known = _TRAINED.get(library)
        if known is None or known[0] != state:
            _TRAINED[library] = known = (state, _compute_table(library, used))
        return known[1]


def _compute_table(library: Library, used: UsedTowers) -> JointTable:
    towers = used.towers
    pictures = read_places(library, "picture", used.picture_space, towers.picture, used.digest)
    sounds = read_places(library, "sound", used.sound_space, towers.sound, used.digest)
    unseen = towers.find_unseen({*pictures.video_ids, *sounds.video_ids})

    def project(side: Side, made: Sequence[Embeddings]) -> Matrix | None:
        key = used.picture_space if side == "picture" else used.sound_space
        tower = towers.choose(side)
        own = [one.vectors for one in made if one.space.key == key]
        return tower.summarise(own[0]) if own and len(own[0]) else None

    return JointTable(TRAINED, pictures, sounds, compare_directions, project, unseen, towers)


def select(places: Places, video_ids: Sequence[str]) -> Matrix:
    """The vectors of some videos, in their order."""
    rows = {video_id: row for row, video_id in enumerate(places.video_ids)}
    return places.vectors[[rows[video_id] for video_id in video_ids]]
