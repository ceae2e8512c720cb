"""Encodes frames and text with CLIP."""

from typing import TYPE_CHECKING, Any

from mvsearch.indexer.encoders.networks.checkpoints import DownloadedWeights
from mvsearch.indexer.encoders.networks.pretrained import load_pretrained
from mvsearch.indexer.encoders.networks.tokens import TokenFrame
from mvsearch.indexer.encoders.pair import PAIR_FILES, PictureTextEncoder

if TYPE_CHECKING:
    import torch


class Clip(PictureTextEncoder):
    """CLIP ViT-B/32 (Radford et al. 2021); 512 numbers each."""

    name = "clip"
    weights = DownloadedWeights("clip", "openai/clip-vit-base-patch32", PAIR_FILES)
    frame = TokenFrame(
        start="<|startoftext|>", end="<|endoftext|>", pad="<|endoftext|>", max_tokens=77
    )

    def find_dim(self) -> int:
        """See `PairEncoder.find_dim`."""
        return int(self.settings.get("projection_dim", 512))

    def build_pixels(self) -> "torch.nn.Module":
        """See `PictureTextEncoder.build_pixels`."""
        import torch

        clip = load_pretrained("CLIPModel", self.folder)

        class Pixels(torch.nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.model, self.projection = clip.vision_model, clip.visual_projection

            def forward(self, pixels: torch.Tensor) -> Any:
                return self.projection(self.model(pixel_values=pixels).pooler_output)

        return Pixels()

    def build_texts(self) -> "torch.nn.Module":
        """See `PairEncoder.build_texts`."""
        import torch

        clip = load_pretrained("CLIPModel", self.folder)

        class Texts(torch.nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.model, self.projection = clip.text_model, clip.text_projection

            def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> Any:
                outputs = self.model(input_ids=ids, attention_mask=mask)
                return self.projection(outputs.pooler_output)

        return Texts()
