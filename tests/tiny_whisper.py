"""A Whisper of a few weights, drawn by chance, in the form of a published checkpoint."""

from dataclasses import asdict
from pathlib import Path

import torch
from whisper.model import ModelDimensions, Whisper

# As many text layers and heads as "tiny" has, whose name brings a mask of that shape.
DIMENSIONS = ModelDimensions(
    n_mels=80,
    n_audio_ctx=1500,
    n_audio_state=24,
    n_audio_head=2,
    n_audio_layer=1,
    n_vocab=51865,
    n_text_ctx=448,
    n_text_state=24,
    n_text_head=6,
    n_text_layer=4,
)


def write_checkpoint(path: Path, seed: int = 0) -> Path:
    """Write a checkpoint; its weights are large enough that what it hears makes a difference."""
    torch.manual_seed(seed)
    model = Whisper(DIMENSIONS)
    for name, weight in model.named_parameters():
        if weight.ndim > 1:
            torch.nn.init.normal_(weight, 0.0, 0.2)
        elif name.endswith("bias"):
            torch.nn.init.normal_(weight, 0.0, 0.1)
    state = {name: tensor.half() for name, tensor in model.state_dict().items()}
    torch.save({"dims": asdict(DIMENSIONS), "model_state_dict": state}, path)
    return path
