"""Files of a video that are sent to a worker in pieces."""

from pathlib import Path

import numpy as np
import pytest

from mvsearch.indexer.distributed import upload
from mvsearch.indexer.distributed.upload import Inbox, Piece, cut_pieces, relocate
from mvsearch.indexer.media.files.scan import ScannedFile
from mvsearch.indexer.metadata.gather import gather_metadata
from mvsearch.indexer.pipeline.lyrics.lyrics_stage import lyrics_fingerprint
from mvsearch.indexer.pipeline.outcome import Outcome
from mvsearch.indexer.pipeline.planning.inventory import Found
from mvsearch.store.errors import MvsearchError
from mvsearch.store.records import Embeddings, Failure, Segment, Space


@pytest.fixture
def found(tmp_path: Path) -> Found:
    """A video that lies twice, with files beside both."""
    folder, other = tmp_path / "videos", tmp_path / "copies"
    for place in (folder, other):
        place.mkdir()
    video = folder / "Ada - Song.mp4"
    video.write_bytes(bytes(range(256)) * 4)
    (folder / "Ada - Song.lrc").write_text("[00:01.00]one line")
    (folder / "Ada - Song.nfo").write_text("<musicvideo><title>Told</title></musicvideo>")
    (folder / "Ada - Song-thumb.jpg").write_bytes(b"a picture")
    (folder / "Grace - Other.mp4").write_bytes(b"not sent")
    (folder / "Grace - Other.lrc").write_text("[00:01.00]not sent")
    copy = other / "again.mp4"
    copy.write_bytes(video.read_bytes())
    (other / "folder.jpg").write_bytes(b"a picture")
    (other / "again.en.srt").write_text("1\n00:00:01,000 --> 00:00:02,000\nline\n")
    state = video.stat()
    file = ScannedFile(video, state.st_size, state.st_mtime_ns)
    return Found(file, "id", others=(copy,), folder=folder)


def test_what_is_read_of_a_video_is_the_same_where_it_was_sent(found: Found) -> None:
    with Inbox() as inbox:
        for piece in cut_pieces(found, 100):
            assert len(piece.content) <= 100
            inbox.write(piece)
        placed = inbox.place(found)
        assert placed.file.path.read_bytes() == found.file.path.read_bytes()
        assert placed.file.path.stat().st_mtime_ns == found.file.mtime_ns
        assert gather_metadata(placed.places, {}) == gather_metadata(found.places, {})
        assert lyrics_fingerprint(placed.places) == lyrics_fingerprint(found.places)
        sent = {path.read_bytes() for path in inbox.folder.rglob("*") if path.is_file()}
        assert b"not sent" not in sent
        assert b"a picture" not in sent
    assert not inbox.folder.exists()


def test_a_full_disk_is_said(found: Found, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload, "SPARE_BYTES", 2**62)
    with Inbox() as inbox, pytest.raises(MvsearchError, match="is full"):
        inbox.write(next(cut_pieces(found)))


def test_what_a_killed_worker_left_is_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    left = tmp_path / f"{upload.PREFIX}{2**22 + 1}-x"
    left.mkdir()
    with Inbox() as inbox, Inbox():
        assert not left.exists()
        assert inbox.folder.exists()


def test_paths_of_results_are_those_of_the_run() -> None:
    old = Path("/tmp/inbox")
    path = old / "media/a.mp4"
    found = Found(ScannedFile(path, 1, 2), "id", others=(old / "media/b.mp4",))
    failure = Failure(path, "decode", "damaged", f"in {path}: bad")
    moved = relocate(Outcome(found, None, failures=(failure,)), old, Path("/"))
    assert moved.found.places == (Path("/media/a.mp4"), Path("/media/b.mp4"))
    assert moved.failures == (
        Failure(Path("/media/a.mp4"), "decode", "damaged", "in /media/a.mp4: bad"),
    )
    space = Space("frames", "toy", "1", 2)
    vectors = Embeddings(space, (Segment(0.0, 1.0),), np.eye(1, 2, dtype=np.float32))
    assert relocate(vectors, old, Path("/")) is vectors


def test_what_no_run_reads_is_not_sent(found: Found, tmp_path: Path) -> None:
    """Links from a stranger's folder, and texts that are too large: only their marks are sent."""
    secret = tmp_path / "secret"
    secret.write_text('{"description": "a secret", "title": "a secret"}')
    video = found.file.path
    for ending in (".info.json", ".description"):
        video.with_suffix(ending).symlink_to(secret)
    lyrics = video.with_suffix(".lrc")
    with lyrics.open("wb") as file:
        file.truncate(2**30)
    with Inbox() as inbox:
        pieces = list(cut_pieces(found))
        assert not any(b"secret" in piece.content for piece in pieces)
        assert sum(len(piece.content) for piece in pieces) < 10_000
        for piece in pieces:
            inbox.write(piece)
        placed = inbox.place(found)
        assert gather_metadata(placed.places, {}) == gather_metadata(found.places, {})
        assert lyrics_fingerprint(placed.places) == lyrics_fingerprint(found.places)


def test_no_path_leads_out_of_the_inbox(tmp_path: Path) -> None:
    target = tmp_path / "out"
    hostile = Path("/a/../../../../../..") / target.relative_to("/")
    with Inbox() as inbox, pytest.raises(MvsearchError, match=r"has '\.\.'"):
        inbox.write(Piece(hostile, 0, b"x"))
    assert not target.exists()
