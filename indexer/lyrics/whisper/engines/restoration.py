"""Maps the tensors of a CTranslate2 model back to those of openai-whisper.

CTranslate2 stacks the weights of queries, keys and values into one matrix, or those of keys and
values where a decoder attends to the sound, and gives keys a bias of zero; see `conversion`.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from mvsearch.indexer.encoders.networks.files.checkpoints import read_settings
from mvsearch.indexer.encoders.networks.runtime import Array
from mvsearch.indexer.lyrics.whisper.engines.ctranslate2_file import read_variables
from mvsearch.store.errors import WeightsMissingError

Variables = dict[str, Array]
Named = Iterator[tuple[str, Array]]


def load_converted(folder: Path, device: str | None = None) -> Any:
    """Load a folder of CTranslate2 into `whisper.model.Whisper`; reads no pickle.

    Args:
        folder: with model.bin and config.json.
        device: of torch; None takes CUDA where it is there.

    Raises:
        WeightsMissingError: it is not a Whisper model in float16 or float32.
        MvsearchError: config.json cannot be read.
    """
    import torch
    from whisper.model import ModelDimensions, Whisper

    variables = read_variables(folder / "model.bin")
    settings = read_settings(folder / "config.json")
    try:
        model = Whisper(ModelDimensions(**read_dimensions(variables)))
        # Strict: no tensor is missing, and none is left over.
        model.load_state_dict(
            {name: torch.from_numpy(each.astype("f4")) for name, each in restore(variables)}
        )
        heads = torch.zeros(model.dims.n_text_layer, model.dims.n_text_head, dtype=torch.bool)
        for layer, head in settings.get("alignment_heads") or ():
            heads[layer, head] = True
    except (RuntimeError, ValueError, LookupError, TypeError) as error:
        said = " ".join(str(error).split())[:200]
        raise WeightsMissingError(f"{folder} is not a Whisper model: {said}") from error
    if heads.any():
        model.register_buffer("alignment_heads", heads.to_sparse(), persistent=False)
    return model.to(device or ("cuda" if torch.cuda.is_available() else "cpu"))


def read_dimensions(variables: Variables) -> dict[str, int]:
    """The arguments of `whisper.model.ModelDimensions`, from the shapes of tensors."""
    n_audio_ctx, n_audio_state = variables["encoder/position_encodings/encodings"].shape
    n_text_ctx, n_text_state = variables["decoder/position_encodings/encodings"].shape
    return {
        "n_mels": variables["encoder/conv1/weight"].shape[1],
        "n_audio_ctx": n_audio_ctx,
        "n_audio_state": n_audio_state,
        "n_audio_head": int(variables["encoder/num_heads"]),
        "n_audio_layer": _count_layers(variables, "encoder"),
        "n_vocab": variables["decoder/embeddings/weight"].shape[0],
        "n_text_ctx": n_text_ctx,
        "n_text_state": n_text_state,
        "n_text_head": int(variables["decoder/num_heads"]),
        "n_text_layer": _count_layers(variables, "decoder"),
    }


def _count_layers(variables: Variables, side: str) -> int:
    layer = re.compile(rf"{side}/layer_\d+/")
    return len({found[0] for name in variables if (found := layer.match(name))})


def restore(variables: Variables) -> Named:
    """Every tensor under the name that openai-whisper gives it.

    Raises:
        ValueError: a tensor has no place in openai-whisper, or holds integers.
        LookupError: a tensor is missing.
    """
    # Settings are numbers without a shape.
    left = {name: tensor for name, tensor in variables.items() if tensor.ndim}
    if any(tensor.dtype.kind != "f" for tensor in left.values()):
        raise ValueError("it holds integers, and openai-whisper needs float16 or float32")
    del left["decoder/projection/weight"]  # The embeddings once more.
    for at in (1, 2):
        yield from _take_layer(left, f"encoder/conv{at}", f"encoder.conv{at}")
    for side in ("encoder", "decoder"):
        positions = left.pop(f"{side}/position_encodings/encodings")
        yield f"{side}.positional_embedding", positions
        norm = "ln_post" if side == "encoder" else "ln"
        yield from _take_norm(left, f"{side}/layer_norm", f"{side}.{norm}")
        for number in range(_count_layers(variables, side)):
            yield from _take_block(left, f"{side}/layer_{number}", f"{side}.blocks.{number}")
    yield "decoder.token_embedding.weight", left.pop("decoder/embeddings/weight")
    if left:
        raise ValueError(f"openai-whisper has no place for {min(left)}")


def _take_block(left: Variables, theirs: str, ours: str) -> Named:
    """One block: its attentions, then its two linear layers."""
    self_attention = f"{theirs}/self_attention"
    yield from _take_norm(left, f"{self_attention}/layer_norm", f"{ours}.attn_ln")
    stacked = _take_stack(left, f"{self_attention}/linear_0", 3)
    yield from _name_projections(stacked, f"{ours}.attn")
    yield from _take_layer(left, f"{self_attention}/linear_1", f"{ours}.attn.out")
    if theirs.startswith("decoder"):
        to_sound = f"{theirs}/attention"
        yield from _take_norm(left, f"{to_sound}/layer_norm", f"{ours}.cross_attn_ln")
        query = _take_stack(left, f"{to_sound}/linear_0", 1)
        key_and_value = _take_stack(left, f"{to_sound}/linear_1", 2)
        yield from _name_projections([*query, *key_and_value], f"{ours}.cross_attn")
        yield from _take_layer(left, f"{to_sound}/linear_2", f"{ours}.cross_attn.out")
    yield from _take_norm(left, f"{theirs}/ffn/layer_norm", f"{ours}.mlp_ln")
    yield from _take_layer(left, f"{theirs}/ffn/linear_0", f"{ours}.mlp.0")
    yield from _take_layer(left, f"{theirs}/ffn/linear_1", f"{ours}.mlp.2")


def _take_stack(left: Variables, theirs: str, n_parts: int) -> list[tuple[Array, Array]]:
    """The weights and biases of projections that are stacked in one matrix."""
    weights = np.split(left.pop(f"{theirs}/weight"), n_parts)
    return list(zip(weights, np.split(left.pop(f"{theirs}/bias"), n_parts), strict=True))


def _name_projections(stacked: list[tuple[Array, Array]], ours: str) -> Named:
    """Queries, keys and values; keys have no bias in openai-whisper."""
    for part, (weight, bias) in zip(("query", "key", "value"), stacked, strict=True):
        yield f"{ours}.{part}.weight", weight
        if part != "key":
            yield f"{ours}.{part}.bias", bias
        elif bias.any():
            raise ValueError(f"{ours}.key has a bias, which openai-whisper has no place for")


def _take_layer(left: Variables, theirs: str, ours: str) -> Named:
    yield f"{ours}.weight", left.pop(f"{theirs}/weight")
    yield f"{ours}.bias", left.pop(f"{theirs}/bias")


def _take_norm(left: Variables, theirs: str, ours: str) -> Named:
    yield f"{ours}.weight", left.pop(f"{theirs}/gamma")
    yield f"{ours}.bias", left.pop(f"{theirs}/beta")
