"""The systems that an evaluation compares: single modalities and fusion methods."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

from mvsearch.search.engine import Engine
from mvsearch.search.options import SearchOptions
from mvsearch.search.scoring.fusion import Fusion
from mvsearch.store.records import Modality


@dataclass(frozen=True, slots=True)
class System:
    """A single modality, or a fusion of all.

    Attributes:
        options: of the search.
        modalities: those with a weight above zero.
    """

    name: str
    options: SearchOptions
    modalities: frozenset[Modality]


def list_systems(engine: Engine, held: Sequence[Modality]) -> list[System]:
    """Each modality of a library alone, by cosine; then every fusion method."""
    alone = [
        System(m, SearchOptions(weights={m: 1.0}, fusion="weighted"), frozenset({m})) for m in held
    ]
    fused = []
    for fusion in get_args(Fusion):
        options = SearchOptions(fusion=fusion)
        weights = engine.weights(options)
        used = frozenset(m for m in held if weights.get(m, 0.0) > 0)
        fused.append(System(fusion, options, used))
    return [*alone, *fused]
