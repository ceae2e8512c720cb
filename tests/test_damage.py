"""A damaged or hostile catalogue: one line each time, and nothing that its triggers or views do.

The long version, with every command for every change, is part of the campaign.
"""

import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from mvsearch.indexer.encoders import Encoders
from mvsearch.search.scoring.null_distribution import measure_distributions
from mvsearch.store.checking.check import check_library
from mvsearch.store.errors import LibraryDamagedError, MvsearchError
from mvsearch.store.library import Library
from tests import damage, toy_library

pytestmark = pytest.mark.robustness

# What a library can live with, as it is made anew or is only asked for.
HARMLESS = {
    "encoder is unknown",
    "profile is unknown",
    "no profile",
}
N_ASKED = 2


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return toy_library.make_folder(tmp_path_factory.mktemp("videos"))


@pytest.fixture(scope="module")
def whole(videos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library that is as it should be, with its caches."""
    folder = tmp_path_factory.mktemp("whole") / "library"
    toy_library.make_indexed(videos, folder)
    with Library.open(folder) as library:
        measure_distributions(library, Encoders("toy"))
    return folder


@pytest.fixture
def home(whole: Path, tmp_path: Path) -> Path:
    """A copy to damage."""
    return shutil.copytree(whole, tmp_path / "library")


def choose_commands(videos: Path, name: str) -> list[list[str]]:
    """A few commands for a change, others for another."""
    return random.Random(name).sample(damage.list_commands(videos), N_ASKED)


@pytest.mark.parametrize("name", damage.EDITS)
def test_no_change_of_the_catalogue_ends_in_a_traceback(
    home: Path, videos: Path, name: str
) -> None:
    if random.Random(name).random() < 0.5:
        shutil.rmtree(home / "vectors")
    damage.edit(home, name)
    try:
        damages = check_library(home).damages
    except MvsearchError:
        pytest.fail("a check does not end at what it looks for")
    assert bool(damages) == (name not in HARMLESS)
    for command, trouble in damage.ask(home, choose_commands(videos, name)):
        assert not trouble, f"{command}: {trouble}"


def test_no_flipped_bit_ends_in_a_traceback(home: Path, whole: Path, videos: Path) -> None:
    for seed in range(12):
        shutil.copy(whole / damage.CATALOG, home / damage.CATALOG)
        damage.flip_bits(home, seed, n_bits=1 if seed % 2 else 8)
        commands = [["check"], *choose_commands(videos, str(seed))]
        for command, trouble in damage.ask(home, commands):
            assert not trouble, f"seed {seed}, {command}: {trouble}"


@pytest.mark.parametrize(
    "name", ["a trigger that deletes", "a trigger of ours does something else"]
)
def test_a_hostile_trigger_never_fires(home: Path, videos: Path, name: str) -> None:
    with Library.open(home) as library:
        damage.edit(home, name)  # while it is open, so that no look at its opening helps
        with pytest.raises(LibraryDamagedError, match="not ours"):
            library.catalog.drop_locations([video.path for video in library.catalog.videos()])
    with closing(sqlite3.connect(home / damage.CATALOG)) as connection:
        assert connection.execute("SELECT count(*) FROM video").fetchone() == (3,)


def test_a_view_calls_no_function_with_effects(home: Path) -> None:
    with Library.open(home) as library, library.catalog._database.reading() as session:
        (trusted,) = session.connection().exec_driver_sql("PRAGMA trusted_schema").one()
        assert trusted == 0


def test_damage_is_one_line_that_says_what_to_do(home: Path) -> None:
    damage.edit(home, "title is a blob")
    with Library.open(home) as library, pytest.raises(LibraryDamagedError) as caught:
        library.catalog.videos()
    message = str(caught.value)
    assert message.startswith(f"{home / damage.CATALOG} is damaged: video.title holds")
    assert message.endswith("mvsearch check")
    assert "\n" not in message


def test_a_damaged_space_leaves_the_videos_to_be_checked(home: Path) -> None:
    with closing(sqlite3.connect(home / damage.CATALOG)) as connection, connection:
        connection.execute("UPDATE space SET dim = 'x'")
        connection.execute("UPDATE video SET title = x'00ff'")
    found = check_library(home)
    assert found.n_videos == 3
    places = [each.where for each in found.damages]
    assert places.count("space") == 1
    assert "catalogue" not in places
    assert sum(place.startswith("video ") for place in places) == 3
