"""Encodes frames and text with SigLIP 2."""

from typing import TYPE_CHECKING, Any

from mvsearch.indexer.encoders.networks.files.checkpoints import DownloadedWeights
from mvsearch.indexer.encoders.networks.pretrained import load_pretrained
from mvsearch.indexer.encoders.networks.tokens import TokenFrame
from mvsearch.indexer.encoders.pair import PAIR_FILES, PictureTextEncoder

if TYPE_CHECKING:
    import torch


class SigLIP2(PictureTextEncoder):
    """SigLIP 2 B/16 (Tschannen et al. 2025), multilingual; 768 dimensions.

    Other checkpoints of a fixed resolution work too, such as B/32 at 256. Texts are lower-cased and
    padded to 64 tokens, as in training: the network attends to the padding.
    """

    name = "siglip2"
    weights = DownloadedWeights("siglip2", "google/siglip2-base-patch16-224", PAIR_FILES)
    frame = TokenFrame(
        start="", end="<eos>", pad="<pad>", max_tokens=64, is_padded_fully=True, is_lowercase=True
    )

    def find_dim(self) -> int:
        """See `PairEncoder.find_dim`."""
        return int(self.settings["vision_config"].get("hidden_size", 768))

    def build_pixels(self) -> "torch.nn.Module":
        """See `PictureTextEncoder.build_pixels`."""
        import torch

        siglip = load_pretrained("SiglipModel", self.folder)

        class Pixels(torch.nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.model = siglip.vision_model

            def forward(self, pixels: torch.Tensor) -> Any:
                return self.model(pixel_values=pixels).pooler_output

        return Pixels()

    def build_texts(self) -> "torch.nn.Module":
        """See `PairEncoder.build_texts`."""
        import torch

        siglip = load_pretrained("SiglipModel", self.folder)

        class Texts(torch.nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.model = siglip.text_model

            def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> Any:
                return self.model(input_ids=ids).pooler_output

        return Texts()
