"""mvsearch: search a folder of music videos by picture, clip, sound, lyric line or words."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mvsearch.indexer.progress import Progress
    from mvsearch.search.api.audiovisual import drop_towers, train_audiovisual, use_towers
    from mvsearch.search.api.checking import check
    from mvsearch.search.api.composing import compose
    from mvsearch.search.api.library import VideoLibrary
    from mvsearch.search.api.library import open_library as open
    from mvsearch.search.api.lyrics.records import FittedLyrics
    from mvsearch.search.api.methods.moods import predict_mood
    from mvsearch.search.api.models import check_models, fetch_model, list_models
    from mvsearch.search.api.remote.library import RemoteLibrary, connect
    from mvsearch.search.api.train_compose import train_compose
    from mvsearch.search.api.train_mood import drop_heads, train_mood, use_heads
    from mvsearch.search.api.training import find_run, list_runs, train_songs
    from mvsearch.search.api.upkeep.copying import copy_library
    from mvsearch.search.api.upkeep.doctor import diagnose
    from mvsearch.search.api.upkeep.watch import watch_folders
    from mvsearch.search.query.language.parsing import parse_query
    from mvsearch.search.query.make_query import Clip, make_leaf, make_query
    from mvsearch.search.query.media import Frames, Samples
    from mvsearch.search.query.query import Query
    from mvsearch.search.results import Contribution, Moment, Pair, Result, SearchResults
    from mvsearch.search.temporal.expression import And, Leaf, Not, Then, While
    from mvsearch.search.temporal.found import FoundPart
    from mvsearch.store.catalog.filter import Filter
    from mvsearch.store.errors import (
        AmbiguousVideoError,
        CancelledError,
        EncoderMismatchError,
        LibraryBusyError,
        LibraryClosedError,
        LibraryDamagedError,
        MediaError,
        MvsearchError,
        NoLibraryError,
        QueryError,
        QuerySyntaxError,
        ServerError,
        ToolMissingError,
        TrainingError,
        VideoNotFoundError,
        WeightsMissingError,
    )
    from mvsearch.store.records import Failure, LyricFit, Lyrics, Mood, Video, VideoMood

    __version__: str

# Imported when they are first used: `import mvsearch` loads nothing.
_PLACES = {
    "mvsearch.indexer.progress": ("Progress",),
    "mvsearch.search.api.audiovisual": ("drop_towers", "train_audiovisual", "use_towers"),
    "mvsearch.search.api.checking": ("check",),
    "mvsearch.search.api.composing": ("compose",),
    "mvsearch.search.api.library": ("VideoLibrary",),
    "mvsearch.search.api.lyrics.records": ("FittedLyrics",),
    "mvsearch.search.api.methods.moods": ("predict_mood",),
    "mvsearch.search.api.models": ("check_models", "fetch_model", "list_models"),
    "mvsearch.search.api.remote.library": ("RemoteLibrary", "connect"),
    "mvsearch.search.api.train_compose": ("train_compose",),
    "mvsearch.search.api.train_mood": ("drop_heads", "train_mood", "use_heads"),
    "mvsearch.search.api.training": ("find_run", "list_runs", "train_songs"),
    "mvsearch.search.api.upkeep.copying": ("copy_library",),
    "mvsearch.search.api.upkeep.doctor": ("diagnose",),
    "mvsearch.search.api.upkeep.watch": ("watch_folders",),
    "mvsearch.search.query.language.parsing": ("parse_query",),
    "mvsearch.search.query.make_query": ("Clip", "make_leaf", "make_query"),
    "mvsearch.search.query.media": ("Frames", "Samples"),
    "mvsearch.search.query.query": ("Query",),
    "mvsearch.search.results": ("Contribution", "Moment", "Pair", "Result", "SearchResults"),
    "mvsearch.search.temporal.expression": ("And", "Leaf", "Not", "Then", "While"),
    "mvsearch.search.temporal.found": ("FoundPart",),
    "mvsearch.store.catalog.filter": ("Filter",),
    "mvsearch.store.errors": (
        "AmbiguousVideoError",
        "CancelledError",
        "EncoderMismatchError",
        "LibraryBusyError",
        "LibraryClosedError",
        "LibraryDamagedError",
        "MediaError",
        "MvsearchError",
        "NoLibraryError",
        "QueryError",
        "QuerySyntaxError",
        "ServerError",
        "ToolMissingError",
        "TrainingError",
        "VideoNotFoundError",
        "WeightsMissingError",
    ),
    "mvsearch.store.records": ("Failure", "LyricFit", "Lyrics", "Mood", "Video", "VideoMood"),
}
_FOUND_IN = {name: place for place, names in _PLACES.items() for name in names}

__all__ = [
    "AmbiguousVideoError",
    "And",
    "CancelledError",
    "Clip",
    "Contribution",
    "EncoderMismatchError",
    "Failure",
    "Filter",
    "FittedLyrics",
    "FoundPart",
    "Frames",
    "Leaf",
    "LibraryBusyError",
    "LibraryClosedError",
    "LibraryDamagedError",
    "LyricFit",
    "Lyrics",
    "MediaError",
    "Moment",
    "Mood",
    "MvsearchError",
    "NoLibraryError",
    "Not",
    "Pair",
    "Progress",
    "Query",
    "QueryError",
    "QuerySyntaxError",
    "RemoteLibrary",
    "Result",
    "Samples",
    "SearchResults",
    "ServerError",
    "Then",
    "ToolMissingError",
    "TrainingError",
    "Video",
    "VideoLibrary",
    "VideoMood",
    "VideoNotFoundError",
    "WeightsMissingError",
    "While",
    "__version__",
    "check",
    "check_models",
    "compose",
    "connect",
    "copy_library",
    "diagnose",
    "drop_heads",
    "drop_towers",
    "fetch_model",
    "find_run",
    "list_models",
    "list_runs",
    "make_leaf",
    "make_query",
    "open",
    "parse_query",
    "predict_mood",
    "train_audiovisual",
    "train_compose",
    "train_mood",
    "train_songs",
    "use_heads",
    "use_towers",
    "watch_folders",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used."""
    if name == "open":
        return import_module("mvsearch.search.api.library").open_library
    if name == "__version__":
        return import_module("mvsearch.store.distribution").read_version() or "unknown"
    if name not in _FOUND_IN:
        raise AttributeError(f"module 'mvsearch' has no attribute {name!r}")
    return getattr(import_module(_FOUND_IN[name]), name)


def __dir__() -> list[str]:
    """The public names."""
    return sorted(__all__)
