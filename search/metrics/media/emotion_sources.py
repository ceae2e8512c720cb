"""Reads valence and arousal of files from a table, or predicts them."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from mvsearch.indexer.encoders import Encoders
from mvsearch.search.metrics.emotion import (
    AXES,
    Array,
    EmotionOptions,
    EmotionResult,
    PredictsEmotion,
    compare_emotions,
    measure_squared_error,
)
from mvsearch.search.metrics.media.files import reading
from mvsearch.search.metrics.media.joint import cut_sound
from mvsearch.search.metrics.moods.spaces import PictureMoods, SoundMoods
from mvsearch.store.errors import QueryError

FILE, IMAGE, AUDIO, SCORE = "file", "image", "audio", "score"


@dataclass(frozen=True, slots=True)
class SourceOptions:
    """The sources of valence and arousal, and of reference similarities.

    Attributes:
        values: a CSV file with the columns file, valence and arousal; None predicts them.
        profile: of the predicting encoders.
        scores: a CSV file with the columns image, audio and score, from 0 to 1, to evaluate the
            similarities; None for no evaluation.
        emotion: of the comparison.
    """

    values: Path | None = None
    profile: str = "embedded"
    scores: Path | None = None
    emotion: EmotionOptions = field(default_factory=EmotionOptions)


def evaluate_emotion_match(
    images: Sequence[Path], audios: Sequence[Path], options: SourceOptions | None = None
) -> EmotionResult:
    """Compare every image with every music file by valence and arousal.

    Raises:
        QueryError: a file or a table cannot be used, or no encoder predicts valence and arousal.
    """
    options = options or SourceOptions()
    if not images or not audios:
        raise QueryError("name at least one image and one audio")
    found = _find_points(images, audios, options)
    emotion = replace(
        options.emotion,
        image_range=options.emotion.image_range or found.ends,
        music_range=options.emotion.music_range or found.ends,
    )
    result = compare_emotions(images, audios, (found.images, found.audios), found.source, emotion)
    return result if options.scores is None else _judge(result, images, audios, options.scores)


@dataclass(frozen=True, slots=True, eq=False)
class _Points:
    """Valence and arousal of images and audios, and the ends of their scale where it is known."""

    images: Array
    audios: Array
    source: str
    ends: tuple[float, float] | None = None


def _find_points(images: Sequence[Path], audios: Sequence[Path], options: SourceOptions) -> _Points:
    if options.values is not None:
        known = read_emotions(options.values)
        points = _look_up(images, known, options.values), _look_up(audios, known, options.values)
        return _Points(*points, f"valence and arousal by {options.values.name}")
    encoders = Encoders(options.profile)
    frames, sound = encoders.frames, encoders.audio
    if isinstance(frames, PredictsEmotion) and isinstance(sound, PredictsEmotion):
        names = f"{frames.spaces[0].encoder} and {sound.spaces[0].encoder}"
        points = _predict_pictures(frames, images), _predict_sounds(sound, audios)
        return _Points(*points, f"valence and arousal by {names}")
    try:
        pictures, sounds = PictureMoods(frames), SoundMoods(sound)
    except QueryError:
        raise QueryError(
            f"the encoders of the profile {options.profile!r} do not predict valence and arousal: "
            f"give them as --values FILE.csv with the columns {FILE}, {', '.join(AXES)}"
        ) from None
    points = _predict_pictures(pictures, images), _predict_sounds(sounds, audios)
    source = f"valence and arousal by the embedded heads of {pictures.name} and {sounds.name}"
    return _Points(*points, source, (0.0, 1.0))


def _predict_pictures(encoder: Any, paths: Sequence[Path]) -> Array:
    from mvsearch.indexer.features.analysis import read_image

    frames = []
    for path in paths:
        with reading(path):
            frames.append(read_image(path, encoder.frame_size))
    predicted: Array = encoder.predict_emotion(np.stack(frames))
    return predicted


def _predict_sounds(encoder: Any, paths: Sequence[Path]) -> Array:
    """The mean over the windows of each sound."""
    from mvsearch.search.metrics.media.excerpts import read_sound_at

    points = []
    for path in paths:
        with reading(path):
            samples = read_sound_at(path, encoder.sample_rate)
        windows = cut_sound(samples, encoder)
        if not windows:
            raise QueryError(f"{path.name!r} is silent: it has no emotion")
        predicted = [encoder.predict_emotion(window[None]) for window in windows]
        points.append(np.concatenate(predicted).mean(axis=0))
    return np.stack(points)


def read_emotions(path: Path) -> dict[str, tuple[float, float]]:
    """Read valence and arousal by file name.

    Raises:
        QueryError: the table cannot be read, or has two values for a file.
    """
    found: dict[str, tuple[float, float]] = {}
    for row in _read_rows(path, (FILE, *AXES)):
        valence, arousal = (_read_number(row[axis], path) for axis in AXES)
        if found.setdefault(row[FILE], (valence, arousal)) != (valence, arousal):
            raise QueryError(f"{path.name} gives {row[FILE]!r} two values")
    return found


def _look_up(paths: Sequence[Path], known: Mapping[str, tuple[float, float]], table: Path) -> Array:
    """The values of each file, by its path as given, else by its name."""
    points = []
    for path in paths:
        point = known.get(str(path)) or known.get(path.name)
        if point is None:
            raise QueryError(f"{table.name} has no valence and arousal of {path.name!r}")
        points.append(point)
    return np.array(points)


def _judge(
    result: EmotionResult, images: Sequence[Path], audios: Sequence[Path], table: Path
) -> EmotionResult:
    """Evaluate the similarities by those of a table."""
    rows = {name: at for at, path in enumerate(images) for name in (str(path), path.name)}
    columns = {name: at for at, path in enumerate(audios) for name in (str(path), path.name)}
    predicted, target = [], []
    for row in _read_rows(table, (IMAGE, AUDIO, SCORE)):
        if row[IMAGE] in rows and row[AUDIO] in columns:
            predicted.append(result.similarities[rows[row[IMAGE]], columns[row[AUDIO]]])
            target.append(_read_number(row[SCORE], table))
    if not target:
        raise QueryError(f"{table.name} scores none of these pairs")
    error = measure_squared_error(np.array(predicted), np.array(target))
    return replace(result, squared_error=error, n_scores=len(target))


def _read_rows(path: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            missing = [name for name in columns if name not in (reader.fieldnames or ())]
            if missing:
                raise QueryError(f"{path.name} lacks the column {missing[0]!r}")
            return [{name: row[name] or "" for name in columns} for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise QueryError(f"{path.name} cannot be read as CSV: {error}") from error


def _read_number(text: str, path: Path) -> float:
    try:
        return float(text)
    except ValueError:
        raise QueryError(f"{path.name}: {text!r} is not a number") from None
