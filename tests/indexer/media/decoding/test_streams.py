import sys

import pytest

from mvsearch.indexer.media.decoding import streams


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere pipes have one size")
def test_a_child_that_is_not_read_can_write_several_frames() -> None:
    """A pipe of the usual 64 KiB would block it; it would then write nothing at all."""
    code = (
        "import os, sys; os.write(int(sys.argv[1]), bytes(900_000)); print('done', file=sys.stderr)"
    )
    child = streams.Child(
        ["out"], lambda pipes: [sys.executable, "-c", code, str(pipes["out"])], 20
    )
    try:
        assert child.finish() == 0
        read = dict[str, int]()
        for name, chunk in child.chunks():
            read[name] = read.get(name, 0) + len(chunk)
        assert read == {"out": 900_000, streams.LOG: 5}
    finally:
        child.close()
