"""Tiny random checkpoints of the architectures of MusicGen and BLIP."""

import json
from pathlib import Path

WORDS = "calm energetic happy sad tense music slow fast for a picture of lake dog and in the manner"
MEAN, DEVIATION = (0.48, 0.46, 0.41), (0.27, 0.26, 0.28)
SAMPLE_RATE, N_CODEBOOKS, FRAME_RATE = 8000, 2, 50


def save_musicgen(folder: Path, seed: int = 0, n_positions: int = 2048) -> Path:
    """Two codebooks at 50 frames a second, 8 kHz, mono; 110 kB."""
    import torch
    from transformers import (
        EncodecConfig,
        GenerationConfig,
        MusicgenConfig,
        MusicgenDecoderConfig,
        MusicgenForConditionalGeneration,
        T5Config,
    )

    _be_quiet()
    text = T5Config(vocab_size=64, d_model=16, d_kv=8, d_ff=32, num_layers=1, num_heads=2)
    sound = EncodecConfig(
        sampling_rate=SAMPLE_RATE, hidden_size=8, codebook_dim=8, num_filters=2, num_lstm_layers=1,
        upsampling_ratios=[8, 5, 4], codebook_size=32, target_bandwidths=[0.5],
    )  # fmt: skip
    decoder = MusicgenDecoderConfig(
        vocab_size=32, pad_token_id=32, bos_token_id=32, num_codebooks=N_CODEBOOKS, ffn_dim=32,
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
        max_position_embeddings=n_positions, initializer_factor=0.5,
    )  # fmt: skip
    torch.manual_seed(seed)
    config = MusicgenConfig(text_encoder=text, audio_encoder=sound, decoder=decoder)
    model = MusicgenForConditionalGeneration(config)
    for layer in model.audio_encoder.quantizer.layers:
        torch.nn.init.normal_(layer.codebook.embed, std=30.0)  # all zero before a training
    model.generation_config = GenerationConfig(
        bos_token_id=32, pad_token_id=32, decoder_start_token_id=32
    )
    model.save_pretrained(folder)
    _save_tokenizer(folder, ["<pad>", "</s>"])
    return folder


def save_blip(folder: Path, seed: int = 0) -> Path:
    """Pictures of 32 × 32 pixels; 60 kB."""
    import torch
    from transformers import BlipConfig, BlipForConditionalGeneration

    _be_quiet()
    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1}
    sizes |= {"num_attention_heads": 2, "projection_dim": 16}
    n_words = len(_save_tokenizer(folder, ["[PAD]", "[CLS]", "[SEP]"]))
    text = {"vocab_size": n_words + 1, "encoder_hidden_size": 16, "bos_token_id": n_words}
    text |= {"pad_token_id": 0, "eos_token_id": 2, "sep_token_id": 2, "initializer_range": 0.5}
    vision = {"image_size": 32, "patch_size": 8, "initializer_range": 0.5}
    torch.manual_seed(seed)
    config = BlipConfig(text_config=sizes | text, vision_config=sizes | vision, projection_dim=16)
    BlipForConditionalGeneration(config).save_pretrained(folder)
    settings = {"image_mean": list(MEAN), "image_std": list(DEVIATION)}
    (folder / "preprocessor_config.json").write_text(json.dumps(settings), "utf-8")
    return folder


def _save_tokenizer(folder: Path, specials: list[str]) -> dict[str, int]:
    from tokenizers import AddedToken, Tokenizer, models, pre_tokenizers

    folder.mkdir(parents=True, exist_ok=True)
    words = [*specials, "[UNK]", *WORDS.split()]
    vocab = {word: at for at, word in enumerate(dict.fromkeys(words))}
    tokenizer = Tokenizer(models.WordLevel(vocab, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.add_special_tokens([AddedToken(word) for word in specials])
    tokenizer.save(str(folder / "tokenizer.json"))
    return vocab


def _be_quiet() -> None:
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
