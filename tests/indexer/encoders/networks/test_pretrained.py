"""The downloaded encoders against what transformers itself makes of the same checkpoint."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from mvsearch.indexer.encoders.networks.pretrained import load_pretrained
from mvsearch.indexer.encoders.text.bert import Bert
from mvsearch.store.errors import MvsearchError, WeightsMissingError
from tests.indexer.encoders.small_checkpoints import (
    DOWNLOADED,
    make_inputs,
    save_checkpoint,
)

Find = Callable[[str], Any]
Folder = Callable[[str], Path]

LINES = ["take me home", "a dog", "the place i belong to"]


def assert_same_directions(ours: Any, theirs: torch.Tensor) -> None:
    theirs = torch.nn.functional.normalize(theirs, dim=-1).numpy()
    assert np.sum(ours * theirs, axis=1).min() > 0.9999


@pytest.mark.parametrize(("name", "class_name"), [("clip", "CLIP"), ("siglip2", "Siglip")])
def test_frames_are_as_transformers_encodes_them(
    name: str, class_name: str, encoder: Find, checkpoint: Folder
) -> None:
    import transformers

    frames = make_inputs(encoder(name), 4)
    model = load_pretrained(f"{class_name}Model", checkpoint(name))
    prepare = getattr(transformers, f"{class_name}ImageProcessor").from_pretrained(checkpoint(name))
    pixels = prepare(list(frames), return_tensors="pt")
    with torch.inference_mode():
        theirs = model.get_image_features(**pixels).pooler_output
    assert_same_directions(encoder(name).encode(frames)[0], theirs)


def test_clip_words_are_as_transformers_encodes_them(encoder: Find, checkpoint: Folder) -> None:
    model = load_pretrained("CLIPModel", checkpoint("clip"))
    for line in LINES:
        ids = torch.tensor(encoder("clip")._tokens.split([line]))
        with torch.inference_mode():
            theirs = model.get_text_features(input_ids=ids).pooler_output
        assert_same_directions(encoder("clip").encode_words([line]), theirs)


def test_siglip_words_are_filled_up_to_64(encoder: Find, checkpoint: Folder) -> None:
    model = load_pretrained("SiglipModel", checkpoint("siglip2"))
    ids = torch.zeros((1, 64), dtype=torch.int64)
    ids[0, :3] = torch.tensor([13, 14, 1])  # a, dog, <eos>; <pad> is 0
    assert encoder("siglip2")._tokens.split(["A Dog"]) == [[13, 14, 1]]
    with torch.inference_mode():
        theirs = model.get_text_features(input_ids=ids).pooler_output
    assert_same_directions(encoder("siglip2").encode_words(["A Dog"]), theirs)


def test_bert_is_the_mean_over_tokens(encoder: Find, checkpoint: Folder) -> None:
    model = load_pretrained("BertModel", checkpoint("bert"))
    for line in LINES:
        ids = torch.tensor(encoder("bert")._tokens.split([line]))
        with torch.inference_mode():
            theirs = model(input_ids=ids).last_hidden_state.mean(1)
        assert_same_directions(encoder("bert").encode([line])[0], theirs)


def test_resnet_is_what_comes_before_the_classifier(encoder: Find, checkpoint: Folder) -> None:
    from torchvision.models import ResNet50_Weights, resnet50
    from torchvision.models.feature_extraction import create_feature_extractor

    network = resnet50()
    network.load_state_dict(load_weights(checkpoint("resnet50")))
    before = create_feature_extractor(network.eval(), ["flatten"])
    prepare = ResNet50_Weights.IMAGENET1K_V2.transforms(crop_size=224, resize_size=224)
    frames = make_inputs(encoder("resnet50"), 2)
    with torch.inference_mode():
        theirs = before(prepare(torch.tensor(frames).permute(0, 3, 1, 2)))["flatten"]
    assert_same_directions(encoder("resnet50").encode(frames)[0], theirs)


def load_weights(folder: Path) -> Any:
    return torch.load(folder / "resnet50-11ad3fa6.pth", weights_only=True)


@pytest.mark.parametrize("seconds", [10.0, 3.0])
def test_sound_is_as_transformers_encodes_it(
    seconds: float, encoder: Find, checkpoint: Folder
) -> None:
    from transformers import ClapFeatureExtractor

    windows = make_inputs(encoder("clap"), 2)[:, : int(seconds * 48_000)]
    model = load_pretrained("ClapModel", checkpoint("clap"))
    extract = ClapFeatureExtractor.from_pretrained(checkpoint("clap"))
    mel = extract(list(windows), sampling_rate=48_000, return_tensors="pt")
    with torch.inference_mode():
        theirs = model.get_audio_features(mel["input_features"].float()).pooler_output
    assert_same_directions(encoder("clap").encode(windows)[0], theirs)


def test_clap_words_are_as_transformers_encodes_them(encoder: Find, checkpoint: Folder) -> None:
    model = load_pretrained("ClapModel", checkpoint("clap"))
    for line in LINES:
        ids = torch.tensor(encoder("clap")._tokens.split([line]))
        with torch.inference_mode():
            theirs = model.get_text_features(input_ids=ids).pooler_output
        assert_same_directions(encoder("clap").encode_words([line]), theirs)


def test_sound_longer_than_a_window_is_refused(encoder: Find) -> None:
    with pytest.raises(ValueError, match="480000"):
        encoder("clap").encode(np.zeros((1, 480_001), dtype=np.float32))


def test_frames_of_another_size_are_refused(encoder: Find) -> None:
    with pytest.raises(ValueError, match="32, 32, 3"):
        encoder("clip").encode(np.zeros((1, 32, 33, 3), dtype=np.uint8))


@pytest.mark.parametrize("name", DOWNLOADED)
def test_missing_weights_say_what_to_do_in_one_line(name: str, tmp_path: Path) -> None:
    with pytest.raises(WeightsMissingError) as caught:
        DOWNLOADED[name](tmp_path)
    message = str(caught.value)
    assert "\n" not in message
    assert f"mvsearch models fetch {name}" in message
    assert str(tmp_path) in message
    assert DOWNLOADED[name].weights.files[0] in message


def test_other_weights_are_another_revision(tmp_path: Path) -> None:
    first = Bert(save_checkpoint("bert", tmp_path / "first", seed=1)).spaces[0].revision
    copy = shutil.copytree(tmp_path / "first", tmp_path / "copy")
    assert Bert(copy).spaces[0].revision == first
    save_checkpoint("bert", copy, seed=2)
    assert Bert(copy).spaces[0].revision != first


def test_another_tokenizer_is_another_revision(tmp_path: Path) -> None:
    folder = save_checkpoint("bert", tmp_path / "bert")
    before = Bert(folder).spaces[0].revision
    path = folder / "tokenizer.json"
    path.write_text(path.read_text().replace('"wolf"', '"cat"'))
    assert Bert(folder).spaces[0].revision != before


def test_a_checkpoint_with_gaps_is_not_filled_with_chance(tmp_path: Path) -> None:
    path = save_checkpoint("bert", tmp_path) / "model.safetensors"
    tensors = load_file(path)
    del tensors["encoder.layer.1.output.dense.weight"]
    save_file(tensors, path, metadata={"format": "pt"})
    with pytest.raises(MvsearchError, match=r"it lacks encoder\.layer\.1\.output\.dense\.weight"):
        load_pretrained("BertModel", tmp_path)


def test_a_damaged_checkpoint_is_one_line(tmp_path: Path) -> None:
    path = save_checkpoint("bert", tmp_path) / "model.safetensors"
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(MvsearchError, match="has no usable BertModel") as caught:
        load_pretrained("BertModel", tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("name", "class_name"), [("clip", "CLIP"), ("siglip2", "Siglip")])
def test_scaled_cosines_are_the_logits_of_transformers(
    name: str, class_name: str, encoder: Find, checkpoint: Folder
) -> None:
    import transformers

    frames, ours = make_inputs(encoder(name), 3), encoder(name)
    model = load_pretrained(f"{class_name}Model", checkpoint(name))
    prepare = getattr(transformers, f"{class_name}ImageProcessor").from_pretrained(checkpoint(name))
    ids = torch.zeros((1, 64), dtype=torch.int64)
    tokens = ours._tokens.split(["take me home"])[0]
    ids = torch.tensor([tokens]) if name == "clip" else ids
    ids[0, : len(tokens)] = torch.tensor(tokens)
    with torch.inference_mode():
        theirs = model(input_ids=ids, **prepare(list(frames), return_tensors="pt"))
    bias = float(model.logit_bias.detach()) if name == "siglip2" else 0.0
    cosines = ours.encode(frames)[0] @ ours.encode_words(["take me home"]).T
    expected = theirs.logits_per_image.numpy() - bias
    np.testing.assert_allclose(ours.read_logit_scale() * cosines, expected, atol=2e-4)


def test_sound_has_the_scale_of_sound(checkpoint: Folder, tmp_path: Path) -> None:
    folder = shutil.copytree(checkpoint("clap"), tmp_path / "clap")
    path = folder / "model.safetensors"
    tensors = load_file(path)
    tensors["logit_scale_a"].fill_(0.5)
    tensors["logit_scale_t"].fill_(2.5)
    save_file(tensors, path, metadata={"format": "pt"})
    model = load_pretrained("ClapModel", folder)
    mel = torch.rand(2, 1, 1001, 64)
    ids = torch.tensor(DOWNLOADED["clap"](folder)._tokens.split(["a dog"]))
    with torch.inference_mode():
        theirs = model(input_ids=ids, input_features=mel)
    cosines = theirs.audio_embeds @ theirs.text_embeds.T
    scale = DOWNLOADED["clap"](folder).read_logit_scale()
    assert scale == pytest.approx(np.exp(0.5))
    np.testing.assert_allclose(scale * cosines, theirs.logits_per_audio, atol=1e-5)


@pytest.mark.parametrize("value", [None, float("nan"), 1e9])
def test_a_scale_that_is_no_number_is_said(
    value: float | None, checkpoint: Folder, tmp_path: Path
) -> None:
    folder = shutil.copytree(checkpoint("clip"), tmp_path / "clip")
    path = folder / "model.safetensors"
    tensors = load_file(path)
    if value is None:
        del tensors["logit_scale"]
    else:
        tensors["logit_scale"].fill_(value)
    save_file(tensors, path, metadata={"format": "pt"})
    with pytest.raises(MvsearchError, match="no usable logit_scale"):
        DOWNLOADED["clip"](folder).read_logit_scale()
