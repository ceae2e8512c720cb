"""Converts Whisper checkpoints for faster-whisper, once per machine and offline."""

import itertools
import json
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mvsearch.indexer.encoders.networks.files.checkpoints import (
    compute_sha256,
    models_folder,
    read_settings,
    recall_sha256,
    write_atomically,
)
from mvsearch.indexer.lyrics.whisper.engines.checkpoints import WHISPER_MODELS, explain_damage
from mvsearch.indexer.lyrics.whisper.engines.vocabulary import write_tokenizer
from mvsearch.store.errors import MvsearchError, WeightsMissingError

logger = logging.getLogger(__name__)

# What every folder of CTranslate2 holds.
_CHECKSUMS = "sha256.json"
# To be raised when the same checkpoint would be converted otherwise.
_VERSION = 1
# The parts of a block as the checkpoint names them, and as CTranslate2's description does.
_ATTENTIONS = (("attn", "self_attention"), ("cross_attn", "attention"))


def convert_checkpoint(model: str, checkpoint: Path, quantization: str = "int8") -> Path:
    """The folder with a checkpoint in CTranslate2's form; made where it is not there, or damaged.

    It lies in `MODELS/converted/`, with the start of the checkpoint's sha256 in its name, and
    appears only when it is whole. Besides the weights it holds what faster-whisper reads: the
    tokenizer and the number of mel bands.

    Args:
        model: one of `WHISPER_MODELS`, whose published checksum must fit, or anything else.
        checkpoint: a file of openai-whisper's.
        quantization: of the weights: "int8", "float16", "float32".

    Raises:
        WeightsMissingError: the file is not the checkpoint that it should be.
        MvsearchError: the folder cannot be written.
    """
    digest = recall_sha256(checkpoint)
    check_published(model, checkpoint, digest)
    folder = models_folder() / "converted"
    target = folder / f"whisper-{checkpoint.stem}-{quantization}-v{_VERSION}-{digest[:16]}"
    if target.is_dir():
        if _is_whole(target):
            return target
        logger.warning("%s is damaged and is made again", target)
        shutil.rmtree(target, ignore_errors=True)
    logger.info("converting %s for faster-whisper: done once, takes some seconds", checkpoint)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".convert-") as partial:
            made = Path(partial, "model")
            made.mkdir()
            write_model(model, checkpoint, made, quantization)
            _write_checksums(made)
            _put_in_place(made, target)
    except OSError as error:
        raise MvsearchError(
            f"{folder} cannot be written ({error.strerror}): point MVSEARCH_MODELS elsewhere"
        ) from error
    return target


def check_published(model: str, checkpoint: Path, digest: str) -> None:
    """Make sure that a named checkpoint is the published one.

    Raises:
        WeightsMissingError: it is another.
    """
    if model not in WHISPER_MODELS:
        return
    import whisper

    # The published address holds the checksum as its last folder.
    if whisper._MODELS[model].split("/")[-2] != digest:
        raise WeightsMissingError(explain_damage(model, checkpoint))


def write_model(model: str, checkpoint: Path, folder: Path, quantization: str) -> None:
    """Write the weights, the settings, the tokenizer and the mel bands into a folder.

    Raises:
        WeightsMissingError: the file is no checkpoint.
    """
    from mvsearch.indexer.lyrics.whisper.engines.openai_engine import load_model

    whisper = load_model(model, checkpoint, device="cpu")
    tokens = write_tokenizer(folder, whisper.is_multilingual, whisper.num_languages)
    spec = describe_model(whisper)
    spec.register_vocabulary(tokens[: whisper.dims.n_vocab])
    spec.validate()
    spec.optimize(quantization)
    spec.save(str(folder))
    bands = {"feature_size": whisper.dims.n_mels}
    write_atomically(folder / "preprocessor_config.json", json.dumps(bands).encode())


def describe_model(model: Any) -> Any:
    """A model of openai-whisper as CTranslate2's `WhisperSpec`, weights and settings."""
    from ctranslate2.specs.whisper_spec import WhisperSpec

    dims = model.dims
    spec = WhisperSpec(dims.n_audio_layer, dims.n_audio_head, dims.n_text_layer, dims.n_text_head)
    weights = {name: tensor.float().numpy() for name, tensor in model.state_dict().items()}
    for at in (1, 2):
        conv = getattr(spec.encoder, f"conv{at}")
        conv.weight, conv.bias = _take(weights, f"encoder.conv{at}")
    spec.encoder.position_encodings.encodings = weights["encoder.positional_embedding"]
    spec.decoder.position_encodings.encodings = weights["decoder.positional_embedding"]
    spec.decoder.embeddings.weight = weights["decoder.token_embedding.weight"]
    spec.decoder.projection.weight = weights["decoder.token_embedding.weight"]
    _set_norm(spec.encoder.layer_norm, weights, "encoder.ln_post")
    _set_norm(spec.decoder.layer_norm, weights, "decoder.ln")
    for side, layers in (("encoder", spec.encoder.layer), ("decoder", spec.decoder.layer)):
        for number, layer in enumerate(layers):
            _set_block(layer, weights, f"{side}.blocks.{number}")
    _set_config(spec.config, model)
    return spec


def _take(weights: dict[str, Any], name: str) -> tuple[Any, Any]:
    """The weight and the bias of a layer."""
    return weights[f"{name}.weight"], weights[f"{name}.bias"]


def _set_norm(spec: Any, weights: dict[str, Any], name: str) -> None:
    spec.gamma, spec.beta = _take(weights, name)


def _set_block(spec: Any, weights: dict[str, Any], name: str) -> None:
    """One block: its attentions, then its two linear layers."""
    for part, described in _ATTENTIONS:
        if f"{name}.{part}.query.weight" in weights:
            _set_attention(getattr(spec, described), weights, f"{name}.{part}")
    _set_norm(spec.ffn.layer_norm, weights, f"{name}.mlp_ln")
    spec.ffn.linear_0.weight, spec.ffn.linear_0.bias = _take(weights, f"{name}.mlp.0")
    spec.ffn.linear_1.weight, spec.ffn.linear_1.bias = _take(weights, f"{name}.mlp.2")


def _set_attention(spec: Any, weights: dict[str, Any], name: str) -> None:
    """Queries, keys and values, fused as CTranslate2 wants them; Whisper's keys have no bias."""
    import numpy as np

    _set_norm(spec.layer_norm, weights, f"{name}_ln")
    (query, query_bias), key = _take(weights, f"{name}.query"), weights[f"{name}.key.weight"]
    value, value_bias = _take(weights, f"{name}.value")
    *inputs, output = spec.linear
    parts = [(query, query_bias), (key, np.zeros_like(query_bias)), (value, value_bias)]
    # Attention to oneself takes all three at once, attention to the sound the queries apart.
    groups = [parts] if len(inputs) == 1 else [parts[:1], parts[1:]]
    for linear, group in zip(inputs, groups, strict=True):
        linear.weight = np.concatenate([weight for weight, _ in group])
        linear.bias = np.concatenate([bias for _, bias in group])
    output.weight, output.bias = _take(weights, f"{name}.out")


def _set_config(config: Any, model: Any) -> None:
    """What CTranslate2 suppresses, which tokens are languages, which heads tell the time."""
    from whisper.tokenizer import get_tokenizer

    tokenizer = get_tokenizer(model.is_multilingual, num_languages=model.num_languages)
    config.suppress_ids = list_suppressed(tokenizer)
    config.suppress_ids_begin = [*tokenizer.encode(" "), tokenizer.eot]
    first = tokenizer.sot + 1
    config.lang_ids = list(range(first, first + model.num_languages))
    heads = model.alignment_heads.indices().T.tolist()
    # A model without any has the last half of its layers, as in openai-whisper.
    half = range(model.dims.n_text_layer // 2, model.dims.n_text_layer)
    config.alignment_heads = heads or list(itertools.product(half, range(model.dims.n_text_head)))


def list_suppressed(tokenizer: Any) -> list[int]:
    """The tokens that no line may hold: marks that are not sung, and those that steer the model."""
    steering = (
        tokenizer.transcribe,
        tokenizer.translate,
        tokenizer.sot,
        tokenizer.sot_prev,
        tokenizer.sot_lm,
        tokenizer.no_speech,
    )
    return sorted({*tokenizer.non_speech_tokens, *steering})


def _list_files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.iterdir()) if path.name != _CHECKSUMS)


def _write_checksums(folder: Path) -> None:
    known = {path.name: compute_sha256(path) for path in _list_files(folder)}
    write_atomically(folder / _CHECKSUMS, json.dumps(known, indent=1).encode())


def _is_whole(folder: Path) -> bool:
    """Whether a folder holds the files that were written, unchanged."""
    try:
        known = read_settings(folder / _CHECKSUMS)
        return known == {path.name: compute_sha256(path) for path in _list_files(folder)}
    except MvsearchError:
        return False


def _put_in_place(made: Path, target: Path) -> None:
    """Move a folder to its name; where another process was faster, its folder is as good."""
    try:
        os.rename(made, target)  # noqa: PTH104 - Path.rename may replace an empty folder
    except OSError:
        if not _is_whole(target):
            raise
