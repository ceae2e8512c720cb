"""The README's tour is what the demo prints."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from docs.demo.speech import can_speak

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("t", ROOT / "docs" / "generate_tour.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_readme_shows_the_transcript(generator: ModuleType) -> None:
    assert not generator.write_readme(is_check=True), "run make docs"


def test_a_transcript_of_other_commands_is_refused(generator: ModuleType) -> None:
    transcript = generator.TRANSCRIPT.read_text(encoding="utf-8")
    assert generator.render_tour(transcript)
    with pytest.raises(SystemExit, match="other commands than the demo"):
        generator.render_tour(transcript.replace("--top 2", "--top 3", 1))


@pytest.mark.parametrize(
    ("new", "is_alike"),
    [
        ("$ mvsearch index\n8 indexed in 1.2 s\n1  7.86  a  0:09", True),
        ("$ mvsearch index\n8 indexed in 99.0 s\n1 7.90 a    0:09", True),
        ("$ mvsearch index\n7 indexed in 1.2 s\n1  7.86  a  0:09", False),
        ("$ mvsearch index\n8 indexed in 1.2 s\n1  8.86  a  0:09", False),
        ("$ mvsearch index\n8 indexed in 1.2 s\n1  7.86  b  0:09", False),
        ("$ mvsearch index\n8 indexed in 1.2 s\n1  7.86  a  0:10", False),
        ("$ mvsearch index\n8 indexed in 1.2 s\n1  7.86  a  0:09\n2", False),
    ],
)
def test_transcripts_are_alike_but_for_time_and_last_digits(
    generator: ModuleType, new: str, is_alike: bool
) -> None:
    old = "$ mvsearch index\n8 indexed in 1.2 s\n1  7.86  a  0:09"
    assert generator.is_alike(old, new) is is_alike


@pytest.mark.slow
@pytest.mark.skipif(not can_speak(), reason="this ffmpeg was built without flite")
@pytest.mark.usefixtures("whisper_packages")
def test_the_transcript_is_what_the_demo_prints(generator: ModuleType, tmp_path: Path) -> None:
    printed = generator.write_transcript(generator.run_tour(tmp_path / "demo", is_kept=True))
    assert generator.is_alike(generator.TRANSCRIPT.read_text(encoding="utf-8"), printed), (
        "run make tour"
    )
