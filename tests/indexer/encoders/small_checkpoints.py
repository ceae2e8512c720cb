"""Small checkpoints of the architectures that download, and inputs for every encoder."""

import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from mvsearch.indexer.encoders.audio.clap import Clap
from mvsearch.indexer.encoders.image.clip import Clip
from mvsearch.indexer.encoders.image.resnet import ResNet50
from mvsearch.indexer.encoders.image.siglip import SigLIP2
from mvsearch.indexer.encoders.text.bert import Bert
from mvsearch.indexer.encoders.text.multilingual import Multilingual

LINE = "take me home country roads to the place i belong a dog bee wolf"
WORDS = LINE.split()

DOWNLOADED: dict[str, Any] = {
    "resnet50": ResNet50,
    "bert": Bert,
    "multilingual": Multilingual,
    "clip": Clip,
    "siglip2": SigLIP2,
    "clap": Clap,
}


def save_tokenizer(folder: Path, specials: list[str]) -> dict[str, int]:
    """A tokenizer.json of whole words; the specials that start with '<|' get the highest ids."""
    from tokenizers import Tokenizer, models, pre_tokenizers

    low = [token for token in specials if not token.startswith("<|")]
    high = [token for token in specials if token.startswith("<|")]
    vocab = {token: place for place, token in enumerate([*low, "[UNK]", *WORDS, *high])}
    tokenizer = Tokenizer(models.WordLevel(vocab, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.save(str(folder / "tokenizer.json"))
    return vocab


def _tower(n_words: int, **more: Any) -> dict[str, Any]:
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2}
    return sizes | {"num_attention_heads": 2, "vocab_size": n_words} | more


def _save_bert(folder: Path, specials: list[str]) -> None:
    from transformers import BertConfig, BertModel

    vocab = save_tokenizer(folder, specials)
    config = BertConfig(**_tower(len(vocab), max_position_embeddings=512))
    BertModel(config).save_pretrained(folder)


def _save_clip(folder: Path) -> None:
    from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel

    vocab = save_tokenizer(folder, ["<|startoftext|>", "<|endoftext|>"])
    # As in the published configuration: an end token of 2 means "the highest id ends the text".
    text = _tower(len(vocab), max_position_embeddings=77, bos_token_id=0, eos_token_id=2)
    vision = {key: text[key] for key in ("hidden_size", "intermediate_size")}
    vision |= {"num_hidden_layers": 2, "num_attention_heads": 2, "image_size": 32, "patch_size": 8}
    config = CLIPConfig(text_config=text, vision_config=vision, projection_dim=24)
    CLIPModel(config).save_pretrained(folder)
    CLIPImageProcessor(size={"shortest_edge": 32}, crop_size=32).save_pretrained(folder)


def _save_siglip(folder: Path) -> None:
    from transformers import SiglipConfig, SiglipImageProcessor, SiglipModel

    vocab = save_tokenizer(folder, ["<pad>", "<eos>"])
    text = _tower(len(vocab), max_position_embeddings=64, projection_size=32)
    text |= {"pad_token_id": 0, "eos_token_id": 1, "bos_token_id": None}
    vision = {key: text[key] for key in ("hidden_size", "intermediate_size")}
    vision |= {"num_hidden_layers": 2, "num_attention_heads": 2, "image_size": 32, "patch_size": 8}
    SiglipModel(SiglipConfig(text_config=text, vision_config=vision)).save_pretrained(folder)
    SiglipImageProcessor(size={"height": 32, "width": 32}).save_pretrained(folder)


def _save_clap(folder: Path) -> None:
    from transformers import ClapConfig, ClapFeatureExtractor, ClapModel

    vocab = save_tokenizer(folder, ["<s>", "<pad>", "</s>"])
    text = _tower(len(vocab), max_position_embeddings=80, projection_dim=24)
    text |= {"bos_token_id": 0, "pad_token_id": 1, "eos_token_id": 2}
    audio = {"hidden_size": 128, "patch_embeds_hidden_size": 16, "depths": [1, 1, 1, 1]}
    audio |= {"num_attention_heads": [2, 2, 2, 2], "num_hidden_layers": 4, "projection_dim": 24}
    config = ClapConfig(text_config=text, audio_config=audio, projection_dim=24)
    ClapModel(config).save_pretrained(folder)
    ClapFeatureExtractor(
        truncation="rand_trunc", frequency_min=50, frequency_max=14_000
    ).save_pretrained(folder)


def _save_resnet(folder: Path) -> None:
    import torch
    from torchvision.models import resnet50

    torch.save(resnet50().state_dict(), folder / "resnet50-11ad3fa6.pth")


def _save_ast(folder: Path) -> None:
    from transformers import ASTConfig, ASTFeatureExtractor, ASTForAudioClassification

    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2}
    # Large weights, so that different sounds get clearly different posteriors.
    config = ASTConfig(**sizes, num_attention_heads=2, num_labels=5, initializer_range=0.5)
    config.id2label = dict(enumerate(["Music", "Speech", "Dog", "Rain", "Silence"]))
    ASTForAudioClassification(config).save_pretrained(folder)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "At least one mel filter has all zero")
        ASTFeatureExtractor().save_pretrained(folder)


SAVERS: dict[str, Callable[[Path], None]] = {
    "resnet50": _save_resnet,
    "bert": lambda folder: _save_bert(folder, ["[PAD]", "[CLS]", "[SEP]"]),
    "multilingual": lambda folder: _save_bert(folder, ["<s>", "<pad>", "</s>"]),
    "clip": _save_clip,
    "siglip2": _save_siglip,
    "clap": _save_clap,
    "ast": _save_ast,
}


def save_checkpoint(name: str, folder: Path, seed: int = 0) -> Path:
    """Save a small randomly initialised checkpoint of a network's architecture."""
    import torch
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(seed)
    SAVERS[name](folder)
    return folder


def run_by_torch(encoder: Any) -> None:
    """Let an encoder's networks run by torch on the CPU, without the export."""
    import torch

    from mvsearch.indexer.encoders.networks.runtime import TorchNetwork

    torch.set_num_threads(1)  # several workers with all cores each stand in each other's way
    for kind in ("", "frame_", "text_", "sound_"):
        if hasattr(encoder, f"{kind}recipe"):
            network = TorchNetwork(getattr(encoder, f"{kind}recipe"), "cpu")
            vars(encoder)[f"_{kind}network"] = network


def make_inputs(encoder: Any, n: int) -> Any:
    """n different inputs of the kind that the encoder takes."""
    rng = np.random.default_rng(7)
    if hasattr(encoder, "frame_size"):
        width, height = encoder.frame_size
        tiles = rng.integers(0, 256, (n, 4, 4, 3), dtype=np.uint8)
        return tiles.repeat(height // 4, axis=1).repeat(width // 4, axis=2)
    if hasattr(encoder, "sample_rate"):
        n_samples = int(encoder.window_seconds * encoder.sample_rate)
        seconds = np.arange(n_samples) / encoder.sample_rate
        tones = [np.sin(2 * np.pi * 220 * (1 + place) * seconds) for place in range(n)]
        noise = rng.normal(0, 0.01, (n, n_samples))
        return (0.5 * np.array(tones).reshape(n, n_samples) + noise).astype(np.float32)
    return [" ".join(rng.choice(WORDS, 1 + place % 7)) for place in range(n)]


def write_json(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content), "utf-8")
