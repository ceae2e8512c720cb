"""Makes and analyses the file of each query once for several evaluations."""

import hashlib
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from mvsearch.indexer.encoders import Encoders
from mvsearch.search.evaluation import benchmark, query_runner
from mvsearch.search.evaluation.queries import originals
from mvsearch.search.query.query import QueryPart
from mvsearch.store.records import Embeddings

# In this process, by the content of the files that they are made of, and all other arguments.
_files: dict[object, bytes] = {}
_features: dict[object, Sequence[Embeddings]] = {}


@contextmanager
def queries_made_once() -> Iterator[None]:
    """Evaluations meanwhile use again what earlier ones made; the first makes it as ever."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(originals, "cut_clip", _cut_once(originals.cut_clip))
        patch.setattr(benchmark, "cut_clip", _cut_once(benchmark.cut_clip))
        patch.setattr(benchmark, "cut_mix", _cut_once(benchmark.cut_mix))
        patch.setattr(benchmark, "cut_frame", _cut_once(benchmark.cut_frame))
        patch.setattr(query_runner, "analyse_part", _analyse_once(query_runner.analyse_part))
        yield


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _cut_once(cut: Callable[..., Path]) -> Callable[..., Path]:
    def make(path: Path, *given: object) -> Path:
        (out,) = [each for each in given if isinstance(each, Path)]
        key = (cut.__name__, _digest(path), *(repr(each) for each in given if each is not out))
        if key not in _files:
            cut(path, *given)
            _files[key] = out.read_bytes()
        out.write_bytes(_files[key])
        return out

    return make


def _analyse_once(
    analyse: Callable[..., Sequence[Embeddings]],
) -> Callable[..., Sequence[Embeddings]]:
    def make(
        part: QueryPart, encoders: Encoders, modalities: Collection[str]
    ) -> Sequence[Embeddings]:
        key = (part.kind, _digest(part.path), encoders.name, tuple(modalities))
        if key not in _features:
            _features[key] = analyse(part, encoders, modalities)
        return _features[key]

    return make
