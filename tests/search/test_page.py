import base64
import hashlib
from pathlib import Path

from search.page import hash_style, read_places
from store.errors import MediaError
from store.records import Video


def test_pictures_are_read_for_those_that_have_any_the_first_first():
    videos = [Video(f"v{at}", Path("x"), "T", has_picture=at != 1) for at in range(5)]
    wanted = {(video.id, 2.5): video for video in videos}

    def thumbnail(video, at_seconds):
        if video.id == "v2":
            raise MediaError("decode_failed", "broken")
        return f"{video.id} at {at_seconds}".encode()

    told = []
    found = read_places(wanted, thumbnail, 3, lambda *counts: told.append(counts))
    # The one without a picture takes no place of the three; the broken one does.
    assert list(found) == [("v0", 2.5), ("v3", 2.5)]
    data = found["v3", 2.5].removeprefix("data:image/jpeg;base64,")
    assert base64.b64decode(data) == b"v3 at 2.5"
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_a_style_is_known_by_its_sha_256():
    digest = hashlib.sha256(b"b { color: red }").digest()
    assert base64.b64decode(hash_style("b { color: red }")) == digest
