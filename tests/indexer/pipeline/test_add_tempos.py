"""Videos get tempo and key from their stored peaks, and no file is read."""

import threading
from pathlib import Path

from mvsearch.indexer.encoders.audio.tempo_and_key import REVISION
from mvsearch.indexer.pipeline.add_tempos import add_tempos
from mvsearch.indexer.progress import Silence
from mvsearch.store.catalog.filter import Filter
from mvsearch.store.library import Library
from tests import toy_library

CLICKS = "aevalsrc=sin(2*PI*1000*t)*exp(-60*mod(t\\,0.46875)):s=16000:d=12"


class Notes(Silence):
    def __init__(self) -> None:
        self.told: list[str] = []

    def note(self, line: str) -> None:
        self.told.append(line)


def test_indexing_measures_tempo_and_a_later_run_fills_what_is_missing(tmp_path: Path) -> None:
    videos, place = tmp_path / "videos", tmp_path / "library"
    videos.mkdir()
    toy_library.make_clip(videos / "clicks.mp4", None, CLICKS, 12.0)
    toy_library.make_clip(videos / "silent.mp4", "testsrc2=s=96x64:r=10", None, 2.0)
    toy_library.index(videos, place)
    for file in videos.iterdir():
        file.unlink()
    with Library.open(place) as library, library.writing():
        catalog = library.catalog
        (clicks,) = catalog.videos(Filter(min_bpm=127, max_bpm=129))
        assert (clicks.title, clicks.key) == ("clicks", None)
        assert clicks.bpm_confidence is not None
        assert clicks.bpm_confidence > 0.9
        assert catalog.facets()["bpm"] == [(120, 1)]
        notes = Notes()
        add_tempos(catalog, notes, threading.Event())
        assert notes.told == []
        with catalog._database.writing() as session:
            session.connection().exec_driver_sql(
                "UPDATE video SET bpm = NULL, bpm_confidence = NULL, tempo_revision = '0'"
            )
        assert catalog.without_tempo(REVISION) != []
        stopped = threading.Event()
        stopped.set()
        add_tempos(catalog, notes, stopped)
        assert catalog.video(clicks.id).bpm is None
        add_tempos(catalog, notes, threading.Event())
        assert notes.told == ["Measuring tempo and key of 1 video from stored peaks"] * 2
        assert catalog.video(clicks.id) == clicks
