from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mvsearch.indexer.composing.captions import Captioner
from mvsearch.store.errors import MediaError, MvsearchError, WeightsMissingError
from tests.indexer.encoders.small_checkpoints import write_json
from tests.media import make_picture
from tests.tiny_composers import DEVIATION, MEAN, WORDS


def test_a_picture_is_described_as_transformers_describes_it(
    composers: Path, tmp_path: Path
) -> None:
    import torch
    from transformers import BlipForConditionalGeneration

    # Of the size of the network, so that only colours are prepared.
    picture = make_picture(tmp_path / "x.png", size=(32, 32))
    words = Captioner(composers / "blip").describe(picture)
    assert words
    assert set(words.split()) <= set(WORDS.split())
    colours = np.asarray(Image.open(picture).convert("RGB"), np.float32) / 255
    pixels = torch.tensor(((colours - MEAN) / DEVIATION).transpose(2, 0, 1)[None].astype("f4"))
    model = BlipForConditionalGeneration.from_pretrained(composers / "blip").eval()
    with torch.inference_mode():
        ids = model.generate(pixel_values=pixels, max_new_tokens=30, num_beams=3, do_sample=False)
    names = ["[PAD]", "[CLS]", "[SEP]", "[UNK]", *dict.fromkeys(WORDS.split()), ""]
    expected = [names[at] for at in ids[0].tolist()]
    assert words.split() == [name for name in expected if name and not name.startswith("[")]


def test_what_is_no_picture_is_a_media_error(composers: Path, tmp_path: Path) -> None:
    (tmp_path / "x.png").write_bytes(np.random.default_rng(0).bytes(500))
    with pytest.raises(MediaError, match="not a picture"):
        Captioner(composers / "blip").describe(tmp_path / "x.png")


def test_weights_that_are_missing_or_for_huge_pictures_are_refused(
    composers: Path, tmp_path: Path
) -> None:
    with pytest.raises(WeightsMissingError, match="mvsearch models fetch blip"):
        Captioner(tmp_path)
    for name in Captioner.weights.files:
        (tmp_path / name).symlink_to(composers / "blip" / name)
    for side, complaint in ((100_000, "for pictures of 100000"), ("x", "states no size")):
        (tmp_path / "config.json").unlink()
        write_json(tmp_path / "config.json", {"vision_config": {"image_size": side}})
        with pytest.raises(MvsearchError, match=complaint):
            Captioner(tmp_path)
