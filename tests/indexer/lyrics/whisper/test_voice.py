import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

from mvsearch.indexer.lyrics.whisper.gates import explain_instrumental
from mvsearch.indexer.lyrics.whisper.voice import (
    CHUNK_SECONDS,
    VOICE_SAMPLE_RATE,
    VoiceActivity,
    VoiceOptions,
    detect_voice,
    emphasise_voice,
    find_intervals,
    measure_voice,
)

MEDIA = Path(
    os.environ.get("MVSEARCH_TEST_MEDIA") or Path(__file__).resolve().parents[5] / "shared/media"
)
OPTIONS = VoiceOptions(
    onset=0.5, offset=0.3, min_silence_seconds=1.0, min_voice_seconds=0.25, pad_seconds=0.0
)


def intervals(
    *runs: tuple[float, float], options: VoiceOptions = OPTIONS
) -> list[tuple[float, float]]:
    """The intervals of runs of (seconds, probability)."""
    probabilities = np.concatenate(
        [np.full(round(seconds / CHUNK_SECONDS), probability) for seconds, probability in runs]
    )
    duration = len(probabilities) * CHUNK_SECONDS
    return [
        (pytest.approx(a, abs=0.05), pytest.approx(b, abs=0.05))
        for a, b in find_intervals(probabilities, duration, options)
    ]


def test_a_voice_goes_on_down_to_the_offset() -> None:
    assert intervals((2, 0), (1, 0.6), (1, 0.4), (2, 0.2)) == [(2, 4)]
    assert intervals((2, 0), (1, 0.4), (2, 0.2)) == []


def test_short_gaps_are_part_of_the_voice() -> None:
    assert intervals((1, 1), (0.8, 0), (1, 1), (2, 0), (1, 1)) == [(0, 2.8), (4.8, 5.8)]


def test_short_sounds_are_none() -> None:
    assert intervals((2, 0), (0.2, 1), (2, 0), (0.4, 1), (2, 0)) == [(4.18, 4.56)]


def test_padding_stays_in_the_track_and_joins_what_touches() -> None:
    options = VoiceOptions(0.5, 0.3, pad_seconds=0.6)
    assert intervals((0.3, 0), (1, 1), (1.1, 0), (1, 1), (0.2, 0), options=options) == [(0, 3.6)]


def test_shares() -> None:
    activity = VoiceActivity(((2.0, 4.0), (8.0, 9.0)), 10.0)
    assert activity.voiced_seconds == 3.0
    assert activity.voiced_share(0, 10) == pytest.approx(0.3)
    assert activity.voiced_share(3, 5) == pytest.approx(0.5)
    assert activity.voiced_share(4, 8) == 0.0
    assert activity.voiced_share(3, 3) == 1.0
    assert activity.voiced_share(5, 5) == 0.0


def test_what_stands_still_goes_and_what_changes_stays() -> None:
    """A tone is accompaniment; a chirp that comes and goes in the band of the voice is not."""
    times = np.arange(20 * VOICE_SAMPLE_RATE) / VOICE_SAMPLE_RATE
    tone = 0.3 * np.sin(2 * np.pi * 440 * times)
    pulses = 0.3 * np.sin(2 * np.pi * 1000 * times) * (times % 2 < 0.3)
    hiss = 0.3 * np.sin(2 * np.pi * 6000 * times) * (times % 2 < 0.3)
    middle = slice(5 * VOICE_SAMPLE_RATE, 15 * VOICE_SAMPLE_RATE)

    def level(samples: np.ndarray) -> float:
        return float(np.sqrt(np.mean(emphasise_voice(samples.astype(np.float32))[middle] ** 2)))

    given = float(np.sqrt(np.mean(pulses[middle] ** 2)))
    assert level(tone) < 0.02 * 0.3
    assert level(hiss) < 0.05 * given
    assert level(pulses) > 0.8 * given
    assert level(tone + pulses) > 0.8 * given


def test_the_length_stays_through_blocks() -> None:
    for n_samples in (0, 100, 1023, 1024, 125 * VOICE_SAMPLE_RATE + 77):
        samples = np.zeros(n_samples, np.float32)
        assert emphasise_voice(samples).shape == (n_samples,)
        assert emphasise_voice(samples).dtype == np.float32


def test_silence_and_noise_have_no_voice() -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, 2 * VOICE_SAMPLE_RATE).astype(np.float32)
    assert detect_voice(np.zeros(2 * VOICE_SAMPLE_RATE, np.float32)).intervals == ()
    assert detect_voice(noise).voiced_seconds == 0
    assert detect_voice(np.zeros(0, np.float32)) == VoiceActivity((), 0.0)


def test_odd_samples_do_no_harm() -> None:
    samples = np.array([np.nan, np.inf, -np.inf, 5.0] * 300, np.float32)
    assert np.isfinite(measure_voice(samples)).all()
    assert len(measure_voice(samples)) == 3


def _decode(path: Path, start_seconds: float, seconds: float) -> np.ndarray:
    """Mono sound of a file, by ffmpeg alone."""
    command = ["ffmpeg", "-v", "error", "-nostdin", "-ss", str(start_seconds), "-t", str(seconds)]
    command += ["-i", str(path), "-ac", "1", "-ar", str(VOICE_SAMPLE_RATE), "-f", "f32le", "-"]
    return np.frombuffer(
        subprocess.run(command, capture_output=True, check=True).stdout, np.float32
    )


@pytest.mark.parametrize(
    ("name", "start_seconds", "has_voice"),
    [
        ("whisper__jfk.flac", 0, True),
        ("ultrastar/Pornophonique - Space Invaders/audio.mp3", 20, True),
        ("ultrastar/Pornophonique - Space Invaders/instrumental.mp3", 20, False),
        ("librosa/admiralbob77_-_Choice_-_Drum-bass.ogg", 0, False),
    ],
)
def test_songs_have_a_voice_and_instrumentals_have_none(
    name: str, start_seconds: float, has_voice: bool
) -> None:
    path = MEDIA / "audio" / name
    if not path.is_file():
        pytest.skip(f"no test media at {path}")
    activity = detect_voice(_decode(path, start_seconds, 20))
    assert (explain_instrumental(activity) is None) == has_voice
