"""Lists, verifies and downloads the weights of the encoders."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from mvsearch.indexer import plugins
from mvsearch.indexer.composing import GENERATORS
from mvsearch.indexer.encoders import (
    CLASSIFIERS,
    ENCODERS,
    import_class,
    list_names,
    list_profiles,
    load_classifier,
    load_encoder,
)
from mvsearch.indexer.encoders.model_cards import CARDS, ModelCard
from mvsearch.indexer.encoders.networks.examples import encode_example, is_near, measure_signature
from mvsearch.indexer.encoders.networks.export_cache import reading_through
from mvsearch.indexer.encoders.networks.files.checkpoints import (
    CHECKSUMS,
    DownloadedWeights,
    TorchvisionWeights,
    compute_sha256,
    read_settings,
)
from mvsearch.indexer.encoders.networks.files.downloads import download
from mvsearch.indexer.encoders.networks.files.packaged import PackagedWeights
from mvsearch.store.errors import MvsearchError, WeightsMissingError
from mvsearch.store.records import UNIT_TOLERANCE, Matrix

Weights = PackagedWeights | DownloadedWeights | TorchvisionWeights


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """An encoder and its weights.

    Attributes:
        profiles: names of the profiles that use it.
        is_present: whether its weights are present; true if it needs none.
        n_bytes: the size of its weights; 0 if it has none.
        folder: where its weights are or belong; None if it needs none.
        origin: the source of the weights, as text.
        problem: one line that says what is wrong and what to do; empty if nothing is.
        packages: the distributions that carry its weights, with their versions.
        sha256: of its weights, where they are pinned.
        card: what is known of the network; None for plug-ins.
    """

    name: str
    profiles: tuple[str, ...]
    is_present: bool
    n_bytes: int
    folder: Path | None
    origin: str
    problem: str = ""
    packages: tuple[str, ...] = ()
    sha256: str = ""
    card: ModelCard | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the entry of `mvsearch models list --json`."""
        return {
            "name": self.name,
            "profiles": list(self.profiles),
            "is_present": self.is_present,
            "n_bytes": self.n_bytes,
            "folder": None if self.folder is None else str(self.folder),
            "origin": self.origin,
            "problem": self.problem or None,
            "packages": list(self.packages),
            "sha256": self.sha256 or None,
            "card": None if self.card is None else self.card.to_dict(),
        }


def list_models() -> list[ModelStatus]:
    """List all encoders and classifiers with the state of their weights; loads none of them.

    Plug-ins that cannot be used are listed with their problem.
    """
    places = _list_places()
    own = [_find_status(name) for name in list_names(places) if name in places]
    return own + [
        _find_plugin_status(plugin) for plugin in plugins.list_all_plugins(plugins.ENCODERS)
    ]


def check_models(names: Sequence[str] | None = None) -> list[ModelStatus]:
    """Verify checksums of encoders, load them and encode an example.

    Args:
        names: of encoders and classifiers; None checks all of them.

    Returns:
        One status each; `problem` says what failed. Missing weights are a problem only if `names`
        is given.

    Raises:
        MvsearchError: there is no encoder of a name.
    """
    chosen = names or list_names(_list_places())
    return [_check(name, is_named=names is not None) for name in chosen]


def fetch_model(name: str) -> ModelStatus:
    """Download the weights of one encoder, unless they are present.

    Raises:
        MvsearchError: there is no encoder of this name.
        WeightsMissingError: the download fails. The message says how to place the files by hand.
    """
    weights = _find_weights(name)
    if isinstance(weights, PackagedWeights):
        weights.verify()
    elif weights is not None:
        download(weights)
    return _find_status(name)


def _find_weights(name: str) -> Weights | None:
    places = _list_places()
    if name in places:
        found: Weights | None = getattr(import_class(places[name]), "weights", None)
        return found.choose() if isinstance(found, PackagedWeights) else found
    if plugins.find_plugin(plugins.ENCODERS, name) is None:
        there = ", ".join(list_names(places))
        raise MvsearchError(f"no encoder is called {name!r}; there are {there}")
    return None  # a plug-in locates its own weights


def _list_places() -> dict[str, str]:
    """Return encoders, classifiers and generators; a name in two tables is the same network."""
    return ENCODERS | CLASSIFIERS | GENERATORS


def _find_plugin_status(plugin: plugins.Plugin) -> ModelStatus:
    """Return the status of a plug-in: whether it is used and can be imported."""
    problem = plugins.explain_clash(plugin, _list_places())
    profiles = () if problem else _list_users(plugin.name)
    try:
        problem or plugin.load()
    except MvsearchError as error:
        problem = str(error)
    origin = f"plug-in of {plugin.distribution}"
    return ModelStatus(plugin.name, profiles, problem is None, 0, None, origin, problem or "")


def _list_users(name: str) -> tuple[str, ...]:
    """List the profiles that use an encoder."""
    return tuple(
        profile for profile, encoders in list_profiles().items() if name in encoders.encoders
    )


def _find_status(name: str) -> ModelStatus:
    weights = _find_weights(name)
    plugin = None if name in _list_places() else plugins.find_plugin(plugins.ENCODERS, name)
    if plugin is not None:
        return _find_plugin_status(plugin)
    status = _locate_weights(name, weights)
    if isinstance(weights, PackagedWeights):
        status = replace(status, packages=weights.packages, sha256=weights.sha256)
    return replace(status, card=CARDS.get(name))


def _locate_weights(name: str, weights: Weights | None) -> ModelStatus:
    """Return the status of an encoder by where its weights are."""
    profiles = _list_users(name)
    if weights is None:
        return ModelStatus(name, profiles, True, 0, None, "needs no weights")
    try:
        found = weights.locate()
    except WeightsMissingError as error:
        return ModelStatus(
            name, profiles, False, 0, weights.place(), weights.origin, problem=str(error)
        )
    if isinstance(weights, PackagedWeights):
        return ModelStatus(name, profiles, True, weights.n_bytes, found, weights.origin)
    files = [found] if found.is_file() else [found / file for file in weights.files]
    n_bytes = sum(file.stat().st_size for file in files)
    return ModelStatus(name, profiles, True, n_bytes, files[0].parent, weights.origin)


def _check(name: str, *, is_named: bool) -> ModelStatus:
    status = _find_status(name)
    if not status.is_present:
        return status if is_named else replace(status, problem="")
    try:
        verify_checksums(name)
        if name in GENERATORS:
            import_class(GENERATORS[name])().try_out()
            return status
        is_encoder = name in ENCODERS or name not in CLASSIFIERS
        vectors = try_out(load_encoder(name) if is_encoder else load_classifier(name))
        check_signature(status.card, vectors[0])
    except MvsearchError as error:
        return replace(status, problem=str(error))
    return status


def verify_checksums(name: str) -> None:
    """Compare the weights with their known checksums.

    Raises:
        WeightsMissingError: a file is missing or damaged.
    """
    weights = _find_weights(name)
    if isinstance(weights, PackagedWeights):
        weights.verify()
    elif isinstance(weights, TorchvisionWeights):
        path = weights.locate()
        start = path.stem.rpartition("-")[2]
        if not compute_sha256(path).startswith(start):
            raise WeightsMissingError(_describe_damage(name, path))
    elif isinstance(weights, DownloadedWeights):
        folder = weights.locate()
        known = read_settings(folder / CHECKSUMS) if (folder / CHECKSUMS).is_file() else {}
        for file, digest in known.items():
            if file in weights.files and compute_sha256(folder / file) != digest:
                raise WeightsMissingError(_describe_damage(name, folder / file))


def _describe_damage(name: str, path: Path) -> str:
    return f"{path} is damaged: delete it, then run `mvsearch models fetch {name}`"


@reading_through()
def try_out(encoder: Any) -> list[Matrix]:
    """Encode one example and check the vectors; loads the encoder's networks.

    Exported networks are verified; damaged ones are exported again, with a warning.

    Returns:
        A (1, dim) matrix for each space, or the posterior of a classifier.

    Raises:
        MvsearchError: the vectors are not of unit length, or the posterior of a classifier does
            not sum to 1.
    """
    matrices = encode_example(encoder)
    if not hasattr(encoder, "spaces"):
        (posterior,) = matrices
        if posterior.shape != (1, len(encoder.list_labels())) or abs(posterior.sum() - 1) > 1e-3:
            raise MvsearchError(f"{encoder.key} gives a posterior that does not sum to 1")
        return matrices
    for space, matrix in zip(encoder.spaces, matrices, strict=True):
        norms = np.linalg.norm(matrix, axis=1)
        if matrix.shape != (1, space.dim) or not np.all(np.abs(norms - 1) <= UNIT_TOLERANCE):
            raise MvsearchError(f"{space.key} gives vectors that are not of length one")
    return matrices


def check_signature(card: ModelCard | None, vector: Matrix) -> None:
    """Compare what a network made of the example with what it is known to make of it.

    Raises:
        MvsearchError: it made something else.
    """
    found = measure_signature(vector)
    if card is not None and card.signature and not is_near(found, card.signature):
        raise MvsearchError(
            f"a known example gives {found} and not {card.signature}: the weights or a library"
            " that runs them are not the ones that were measured"
        )
