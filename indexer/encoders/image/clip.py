"""Encodes frames and text with CLIP."""

from typing import TYPE_CHECKING, Any

from mvsearch.indexer.encoders.networks.files.checkpoints import DownloadedWeights
from mvsearch.indexer.encoders.networks.pretrained import load_pretrained
from mvsearch.indexer.encoders.networks.tokens import TokenFrame
from mvsearch.indexer.encoders.pair import PAIR_FILES, PictureTextEncoder, ProjectedTexts

if TYPE_CHECKING:
    import torch


class Clip(ProjectedTexts, PictureTextEncoder):
    """CLIP ViT-B/32 (Radford et al. 2021); 512 dimensions."""

    name = "clip"
    model_class = "CLIPModel"
    weights = DownloadedWeights("clip", "openai/clip-vit-base-patch32", PAIR_FILES)
    frame = TokenFrame(
        start="<|startoftext|>", end="<|endoftext|>", pad="<|endoftext|>", max_tokens=77
    )

    def build_pixels(self) -> "torch.nn.Module":
        """See `PictureTextEncoder.build_pixels`."""
        import torch

        clip = load_pretrained(self.model_class, self.folder)

        class Pixels(torch.nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.model, self.projection = clip.vision_model, clip.visual_projection

            def forward(self, pixels: torch.Tensor) -> Any:
                return self.projection(self.model(pixel_values=pixels).pooler_output)

        return Pixels()
