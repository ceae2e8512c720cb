import os
from pathlib import Path

import pytest

from indexer.programs import compile_graph, open_input
from tests import toy_library


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
