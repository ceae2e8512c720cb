import os
import zlib
from pathlib import Path

import pytest

from mvsearch.indexer.media.decoding.frames import read_image
from mvsearch.indexer.media.probe import probe_file
from mvsearch.indexer.media.programs import compile_graph, open_input
from mvsearch.store.errors import MediaError
from tests import media, toy_library


@pytest.mark.parametrize(
    "name", [b"bytes\xff\xfe.mp4", b"-dash.mp4", b"new\nline.mp4", b"100% 'x' \"y\".mp4"]
)
def test_any_name_reaches_the_program_byte_for_byte(tmp_path, name):
    path = tmp_path / os.fsdecode(name)
    command = compile_graph(open_input(path).output("pipe:1", f="null"))
    assert all(isinstance(word, str) for word in command)
    given = os.fsencode(command[command.index("-i") + 1])
    assert given == b"file:" + os.fsencode(tmp_path) + b"/" + name


def test_a_name_that_is_not_unicode_is_indexed(tmp_path):
    folder = tmp_path / "videos"
    folder.mkdir()
    made = toy_library.make_clip(tmp_path / "made.mp4", "testsrc2=s=96x64:r=10", "sine", 2)
    try:
        made.rename(Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9.mp4")))
    except OSError:
        pytest.skip("this file system takes only names in Unicode")
    summary = toy_library.index(folder, tmp_path / "library")
    assert (summary.indexed, summary.failures) == (1, [])


def test_a_picture_given_as_video_and_a_video_given_as_picture_are_told_so(tmp_path):
    video = toy_library.make_clip(tmp_path / "clip.mp4", "testsrc2=s=96x64:r=10", None, 1)
    picture = media.make_picture(tmp_path / "still.png")
    with pytest.raises(MediaError, match="picture"):
        probe_file(picture)
    with pytest.raises(MediaError, match="video or sound, not a picture"):
        read_image(video, (8, 8))


def test_a_picture_that_claims_to_be_enormous_is_refused_as_such(tmp_path):
    header = b"IHDR" + (60_000).to_bytes(4, "big") * 2 + b"\x08\x02\0\0\0"
    chunk = (13).to_bytes(4, "big") + header + zlib.crc32(header).to_bytes(4, "big")
    path = tmp_path / "huge.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk + bytes(100))
    with pytest.raises(MediaError, match="too large"):
        read_image(path, (8, 8))
