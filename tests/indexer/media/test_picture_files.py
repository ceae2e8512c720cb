"""Pictures of a folder: listed by content, never through links, and made small."""

import io
from pathlib import Path

import pytest
from PIL import Image

from mvsearch.indexer.media.picture_files import list_pictures, make_thumbnail
from mvsearch.search.api.methods.pictures import PictureFolders
from mvsearch.store.errors import MediaError, QueryError


def test_pictures_are_found_by_content_and_without_links(tmp_path: Path) -> None:
    inside, outside = tmp_path / "in", tmp_path / "out"
    for folder in (inside / "b", inside / ".hidden", outside):
        folder.mkdir(parents=True)
    Image.new("RGB", (1000, 300), "red").save(inside / "b" / "wide.png")
    Image.new("RGB", (10, 20), "blue").save(inside / "a.txt", "PNG")
    Image.new("RGB", (9, 9)).save(inside / ".hidden" / "x.png")
    Image.new("RGB", (9, 9)).save(outside / "secret.png")
    (inside / "link.png").symlink_to(outside / "secret.png")
    (inside / "linked").symlink_to(outside)
    (inside / "no.png").write_text("no picture")
    found = list_pictures([inside, tmp_path / "missing"])
    assert [one.name for one in found] == ["a", "wide"]
    made = Image.open(io.BytesIO(make_thumbnail(found[1].path)))
    assert (made.format, made.size) == ("WEBP", (512, 154))
    red, green, blue = made.convert("RGB").getpixel((200, 100))  # type: ignore[misc]
    assert red > 230 > 30 > max(green, blue)
    folders = PictureFolders([inside])
    assert folders.read(found[0].id) == found[0].path.read_bytes()
    assert Image.open(io.BytesIO(folders.thumbnail(found[0].id))).size == (10, 20)
    for name in ("nothing", "../secret", found[0].id + "x"):
        with pytest.raises(QueryError):
            folders.read(name)
    found[0].path.unlink()
    with pytest.raises(QueryError, match="cannot be read"):
        folders.read(found[0].id)


def test_a_damaged_picture_is_told(tmp_path: Path) -> None:
    (tmp_path / "cut.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"x" * 40)
    with pytest.raises(MediaError):
        make_thumbnail(tmp_path / "cut.png")
