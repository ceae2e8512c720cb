"""Chains similar songs: each is the most similar to the one before that is new in the chain."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from mvsearch.search.engine import Engine
from mvsearch.search.options import SearchOptions
from mvsearch.search.query.contents import list_videos, open_copy_indexes
from mvsearch.search.results import Result
from mvsearch.search.versions.dedupe import IsCopy, open_copy_test
from mvsearch.store.catalog.filter import Filter
from mvsearch.store.errors import MvsearchError
from mvsearch.store.library import Library
from mvsearch.store.records import Video
from mvsearch.store.unicode import fold_name

# Copies of played songs are passed over one at a time.
MAX_COPIES = 50
# Where nothing is comparable to the last song, as it has no sound, the ones before are asked.
MAX_BACK = 5


def continue_chain(
    engine: Engine,
    played: Sequence[Video],
    length: int,
    options: SearchOptions = SearchOptions(),
    filter: Filter = Filter(),
) -> list[Result]:
    """Choose the songs that follow, without a song or an artist that was played.

    Copies, and videos of the same title such as live versions and covers, are the same song. Once
    every artist was played, only that of the song before is avoided.

    Args:
        engine: of the library.
        played: the chain so far, at least one video; the last is what the next is similar to.
        length: the number of songs to add; there are fewer where all were played.
        options: how they are compared.
        filter: selects the songs.

    Raises:
        MvsearchError: the library is empty.
    """
    among = list_videos(engine.library, filter)
    is_copy = find_copy_test(engine.library)
    chain, found = list(played), list[Result]()
    while len(found) < length:
        following = _choose_next(engine, chain, among, replace(options, top=1), filter, is_copy)
        if following is None:
            break
        chain.append(following.video)
        found.append(replace(following, rank=len(found) + 1))
    return found


def _choose_next(
    engine: Engine,
    chain: Sequence[Video],
    among: Sequence[Video],
    options: SearchOptions,
    filter: Filter,
    is_copy: IsCopy | None,
) -> Result | None:
    """The most similar song by a new artist, else by another than the last, else by any.

    Similar to the last song; where none can be compared with it, to one of those before.
    """
    last = fold_name(chain[-1].artist or "")
    artists = {fold_name(video.artist or "") for video in chain} - {""}
    songs = {fold_name(video.title) for video in chain}
    ids = {video.id for video in chain}
    new = [one for one in among if one.id not in ids and fold_name(one.title) not in songs]
    tests: list[Callable[[str], bool]] = [
        lambda artist: artist not in artists,
        lambda artist: not artist or artist != last,
        lambda _: True,
    ]
    for is_allowed in tests:
        allowed = {one.id for one in new if is_allowed(fold_name(one.artist or ""))}
        if not allowed:
            continue
        hidden = {video.id for video in among} - allowed
        for before in reversed(chain[-MAX_BACK:]):
            found = _find_original(engine, before, chain, hidden, options, filter, is_copy)
            if found is not None:
                return found
    return None


def _find_original(
    engine: Engine,
    video: Video,
    chain: Sequence[Video],
    hidden: set[str],
    options: SearchOptions,
    filter: Filter,
    is_copy: IsCopy | None,
) -> Result | None:
    """The song most similar to a video that is not hidden, and no copy of one in the chain.

    Copies are added to `hidden`.
    """
    for _ in range(MAX_COPIES):
        results = engine.similar(video, options, filter, frozenset(hidden))
        if not results:
            return None
        found = results[0].video
        if is_copy is None or not any(is_copy(one, found) for one in chain):
            return results[0]
        hidden.add(found.id)
    return None


def find_copy_test(library: Library) -> IsCopy | None:
    """The test for copies; None where there are no vectors, or the encoders are not calibrated."""
    try:
        return open_copy_test(open_copy_indexes(library))
    except MvsearchError:
        return None
