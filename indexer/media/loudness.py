"""Measures and normalises the loudness of sound with ffmpeg, as EBU R 128 has it."""

import math
import re
from dataclasses import dataclass

import numpy as np

from mvsearch.indexer.media.programs import compile_graph, open_raw, run_program
from mvsearch.store.errors import MediaError
from mvsearch.store.records import Matrix

MEASURE_TIMEOUT_SECONDS = 120.0

# EBU R 128 (2023): the programme loudness, and the true peak that must not be exceeded.
TARGET_LUFS = -23.0
CEILING_DBTP = -1.0
# ffmpeg upsamples to 192 kHz: of 32 kHz, a sine between two samples reads 0.3 dB low at most.
METER_ERROR_DB = 0.3
# The absolute gate of ITU-R BS.1770: nothing below counts.
SILENCE_LUFS = -70.0

# ffmpeg prints peaks with three decimals, so they are measured near full scale.
_MEASURED_PEAK = 0.5
# A step of the meter, which leaves an incomplete one at the end out.
_STEPS_A_SECOND = 10


@dataclass(frozen=True, slots=True)
class Loudness:
    """How loud sound is.

    Attributes:
        lufs: integrated loudness (ITU-R BS.1770); -inf for silence.
        peak_dbtp: true peak, in decibels of full scale; -inf for silence.
    """

    lufs: float
    peak_dbtp: float


def measure_loudness(samples: Matrix, sample_rate: int) -> Loudness:
    """Measure (n, channels) float32 samples at a sample rate in hertz; one or two channels.

    Raises:
        MediaError: ffmpeg fails.
        ToolMissingError: it is not installed.
    """
    peak = float(np.abs(samples).max(initial=0.0))
    if peak == 0.0:
        return Loudness(-math.inf, -math.inf)
    n_missing = -len(samples) % (sample_rate // _STEPS_A_SECOND)
    scaled = np.pad(samples * np.float32(_MEASURED_PEAK / peak), ((0, n_missing), (0, 0)))
    source = open_raw(f="f32le", ar=sample_rate, ac=samples.shape[1])
    measured = source.filter("ebur128", peak="true", metadata=1)
    printed = measured.filter("ametadata", mode="print", file="pipe:1")
    done = run_program(
        compile_graph(printed.output("-", format="null")),
        MEASURE_TIMEOUT_SECONDS,
        scaled.astype("<f4", copy=False).tobytes(),
    )
    found = dict(re.findall(r"lavfi\.r128\.(I|true_peak)=(\S+)", done.stdout.decode()))
    if done.returncode != 0 or len(found) != 2:
        raise MediaError("decode_failed", "its loudness cannot be measured")
    raised_db = 20 * math.log10(_MEASURED_PEAK / peak)
    lufs, true_peak = float(found["I"]) - raised_db, max(float(found["true_peak"]), _MEASURED_PEAK)
    is_silent = not lufs > SILENCE_LUFS
    return Loudness(-math.inf if is_silent else lufs, 20 * math.log10(true_peak) - raised_db)


def normalise_loudness(samples: Matrix, sample_rate: int) -> tuple[Matrix, Loudness]:
    """Bring sound to `TARGET_LUFS`, or as near as `CEILING_DBTP` allows, by one gain.

    Its dynamics stay as they are: a limiter would change the music. Silence stays silent.

    Args:
        samples: (n, channels) float32.
        sample_rate: in hertz.

    Returns:
        Samples of the same shape, and their loudness.

    Raises:
        MediaError: ffmpeg fails.
        ToolMissingError: it is not installed.
    """
    measured = measure_loudness(samples, sample_rate)
    if measured.lufs == -math.inf:
        return samples, measured
    room_db = CEILING_DBTP - METER_ERROR_DB - measured.peak_dbtp
    gain_db = min(TARGET_LUFS - measured.lufs, room_db)
    louder = samples * np.float32(10 ** (gain_db / 20))
    return louder, Loudness(measured.lufs + gain_db, measured.peak_dbtp + gain_db)
