"""Encodes audio and text with CLAP."""

from typing import TYPE_CHECKING, Any

import numpy as np

from mvsearch.indexer.encoders.image.batches import run_in_batches
from mvsearch.indexer.encoders.networks.files.checkpoints import DownloadedWeights
from mvsearch.indexer.encoders.networks.pretrained import load_pretrained
from mvsearch.indexer.encoders.networks.runtime import Network, Recipe, open_network
from mvsearch.indexer.encoders.networks.tokens import TokenFrame
from mvsearch.indexer.encoders.pair import PAIR_FILES, ProjectedTexts
from mvsearch.indexer.encoders.unit import to_unit_rows
from mvsearch.indexer.once import cached_once
from mvsearch.store.records import Matrix

if TYPE_CHECKING:
    import torch

# A window is 1,001 spectra of 513 bins: few windows a batch keep the memory low.
_BATCH_SIZE = 2
_QUIETEST_POWER = 1e-10


class Clap(ProjectedTexts):
    """CLAP HTSAT, unfused (Wu et al. 2023); 512 dimensions.

    `larger_clap_music` is not used: its scores in public retrieval benchmarks are near zero.
    """

    name = "clap"
    modality = "audio"
    model_class = "ClapModel"
    weights = DownloadedWeights("clap", "laion/clap-htsat-unfused", PAIR_FILES)
    frame = TokenFrame(start="<s>", end="</s>", pad="<pad>", max_tokens=77)
    # From audio to text; `logit_scale_t` is from text to audio.
    scale_name = "logit_scale_a"

    sample_rate = 48_000
    window_seconds = 10.0
    hop_seconds = 5.0

    def encode(self, windows: Matrix) -> tuple[Matrix, ...]:
        """See `AudioEncoder.encode`; a shorter window is repeated, as in training.

        Raises:
            ValueError: the windows are empty or longer than `window_seconds`.
        """
        n_samples = int(self.window_seconds * self.sample_rate)
        if windows.ndim != 2 or not 0 < windows.shape[1] <= n_samples:
            raise ValueError(f"windows must be (n, up to {n_samples}), not {windows.shape}")
        filled = np.zeros((len(windows), n_samples), dtype=np.float32)
        repeated = np.tile(windows, (1, n_samples // windows.shape[1]))
        filled[:, : repeated.shape[1]] = repeated
        dims = (self.spaces[0].dim,)
        (vectors,) = run_in_batches(self._sound_network, filled, dims, _BATCH_SIZE)
        return (to_unit_rows(vectors),)

    @cached_once
    def _sound_network(self) -> Network:
        return open_network(self.sound_recipe, in_batches=True)

    @property
    def sound_recipe(self) -> Recipe:
        """How the network for audio is built or exported."""
        example = np.zeros((2, int(self.window_seconds * self.sample_rate)), dtype=np.float32)
        return Recipe(f"{self.name}-sound", self.revision, self._build_sound, (example,), ((0,),))

    def _build_sound(self) -> "torch.nn.Module":
        import torch

        clap = load_pretrained(self.model_class, self.folder)
        to_mel = _build_log_mel(self._load_extractor())

        class Sound(torch.nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.to_mel = to_mel
                self.model, self.projection = clap.audio_model, clap.audio_projection

            def forward(self, windows: torch.Tensor) -> Any:
                mel = self.to_mel(windows).unsqueeze(1)
                return self.projection(self.model(input_features=mel).pooler_output)

        return Sound()

    def _load_extractor(self) -> Any:
        from transformers import ClapFeatureExtractor

        return ClapFeatureExtractor.from_pretrained(self.folder, local_files_only=True)


def _build_log_mel(extractor: Any) -> "torch.nn.Module":
    """Build the module: (n, samples) → (n, spectra, bands), the log-mel spectrogram in decibels.

    The Fourier transform is two matrix products, which every runtime supports.
    """
    import torch

    n_fft, hop = int(extractor.fft_window_size), int(extractor.hop_length)
    angles = 2 * np.pi / n_fft * np.outer(np.arange(n_fft), np.arange(n_fft // 2 + 1))
    hann = 0.5 - 0.5 * np.cos(2 * np.pi / n_fft * np.arange(n_fft))
    bases = [hann[:, None] * np.cos(angles), hann[:, None] * np.sin(angles)]

    class LogMel(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.real, self.imaginary = (torch.tensor(base).float() for base in bases)
            self.mel = torch.tensor(extractor.mel_filters_slaney).float()

        def forward(self, windows: torch.Tensor) -> torch.Tensor:
            edge = n_fft // 2
            padded = torch.nn.functional.pad(windows.unsqueeze(1), (edge, edge), mode="reflect")
            frames = padded.squeeze(1).unfold(-1, n_fft, hop)
            power = (frames @ self.real).square() + (frames @ self.imaginary).square()
            return 10 * torch.log10((power @ self.mel).clamp(min=_QUIETEST_POWER))

    return LogMel()
