import shutil
from pathlib import Path

import numpy as np
import pytest

from mvsearch.indexer.composing.musicgen import ComposeOptions, MusicGen
from mvsearch.indexer.encoders.networks.pretrained import load_pretrained
from mvsearch.store.errors import MvsearchError, QueryError, WeightsMissingError
from tests.tiny_composers import FRAME_RATE, N_CODEBOOKS, SAMPLE_RATE, save_musicgen

WORDS = "calm slow music"


@pytest.fixture(scope="module")
def generator(composers: Path) -> MusicGen:
    return MusicGen(composers / "musicgen-small")


def test_the_music_has_the_length_asked_for_and_depends_on_seed_and_words(
    generator: MusicGen,
) -> None:
    made = generator.compose(WORDS, ComposeOptions(1.237, seed=3))
    assert made.shape == (round(1.237 * SAMPLE_RATE), 1)
    assert made.dtype == np.float32
    np.testing.assert_array_equal(made, generator.compose(WORDS, ComposeOptions(1.237, seed=3)))
    assert not np.array_equal(made, generator.compose(WORDS, ComposeOptions(1.237, seed=4)))
    assert not np.array_equal(made, generator.compose("dog", ComposeOptions(1.237, seed=3)))


def test_it_is_what_transformers_makes_of_the_words(generator: MusicGen, composers: Path) -> None:
    """The guidance is prepared here, as vectors may take the place of words."""
    import torch

    model = load_pretrained("MusicgenForConditionalGeneration", composers / "musicgen-small").eval()
    (ids,) = generator._tokens.split([WORDS])
    torch.manual_seed(5)
    expected = model.generate(
        input_ids=torch.tensor([ids]), attention_mask=torch.ones(1, len(ids), dtype=torch.long),
        do_sample=True, top_k=250, guidance_scale=3.0,
        max_new_tokens=FRAME_RATE + N_CODEBOOKS - 1,
    )  # fmt: skip
    made = generator.compose(WORDS, ComposeOptions(1.0, seed=5))
    np.testing.assert_array_equal(made[:, 0], expected[0, 0].numpy())


def test_the_vectors_of_words_in_their_place_give_the_same_music(generator: MusicGen) -> None:
    import torch

    (ids,) = generator._tokens.split([WORDS])
    vectors = generator.model.text_encoder(torch.tensor([ids])).last_hidden_state[0].numpy()
    assert vectors.shape == (len(ids), generator.width)
    options = ComposeOptions(1.0, seed=1, guidance=1.0)
    by_words = generator.compose(WORDS, options)
    np.testing.assert_allclose(generator.compose_from(vectors, options), by_words, atol=1e-6)
    for bad in (vectors[:, :-1], np.full_like(vectors, np.nan), vectors[0]):
        with pytest.raises(MvsearchError, match="vectors of 16 finite numbers"):
            generator.compose_from(bad, options)


def test_steps_are_counted_and_torch_keeps_its_own_draws(generator: MusicGen) -> None:
    import torch

    steps: list[tuple[int, int]] = []
    torch.manual_seed(9)
    generator.compose(WORDS, ComposeOptions(1.0), lambda *step: steps.append(step))
    drawn = torch.rand(1)
    torch.manual_seed(9)
    assert torch.equal(drawn, torch.rand(1))
    n_steps = FRAME_RATE + N_CODEBOOKS - 1
    assert steps == [(at, n_steps) for at in range(1, n_steps + 1)]


@pytest.mark.parametrize("seconds", [0.0, 0.99, 30.1, float("nan"), float("inf"), -1.0])
def test_a_length_out_of_range_is_refused(seconds: float) -> None:
    with pytest.raises(QueryError, match="1 to 30 seconds"):
        ComposeOptions(seconds)
    with pytest.raises(QueryError, match="a seed is a whole number"):
        ComposeOptions(seed=-1)


def test_the_positions_of_the_network_are_the_limit(tmp_path: Path) -> None:
    few = MusicGen(save_musicgen(tmp_path / "few", n_positions=FRAME_RATE + N_CODEBOOKS))
    assert len(few.compose(WORDS, ComposeOptions(1.0))) == SAMPLE_RATE
    with pytest.raises(QueryError, match=r"music of 1\.0 seconds at most"):
        few.compose(WORDS, ComposeOptions(1.1))


def test_missing_and_damaged_weights_are_one_line(composers: Path, tmp_path: Path) -> None:
    with pytest.raises(WeightsMissingError, match="mvsearch models fetch musicgen-small"):
        MusicGen(tmp_path)
    damaged = shutil.copytree(composers / "musicgen-small", tmp_path / "damaged")
    (damaged / "model.safetensors").write_bytes(b"no tensors")
    with pytest.raises(MvsearchError, match="has no usable MusicgenForConditionalGeneration"):
        MusicGen(damaged).compose(WORDS, ComposeOptions(1.0))
