"""MusicGen as a training uses it, frozen: its codec makes targets, its decoder the loss."""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from mvsearch.indexer.composing.musicgen import MusicGen
from mvsearch.store.errors import TrainingError
from mvsearch.store.records import Matrix

if TYPE_CHECKING:
    import torch

Codes = npt.NDArray[np.int64]


class FrozenMusicGen:
    """A MusicGen whose weights stay as they are.

    Raises:
        TrainingError: it is one of stereo.
    """

    def __init__(self, generator: MusicGen) -> None:
        self._generator = generator
        decoder = generator.model.config.decoder
        if decoder.audio_channels != 1:
            raise TrainingError(f"{generator.folder} is for stereo, which this does not train")
        self.sample_rate = generator.sample_rate
        self.width = generator.width
        self.n_codebooks = int(decoder.num_codebooks)
        self._pad = int(decoder.pad_token_id)

    def encode(self, samples: Matrix) -> Codes:
        """Encode (n,) mono samples at `sample_rate` as (codebooks, frames).

        Raises:
            TrainingError: the codec has too few codebooks.
        """
        import torch

        model = self._generator.model
        sound = torch.tensor(samples[None, None], device=model.device)
        with torch.inference_mode():
            codes = model.audio_encoder.encode(sound).audio_codes[0, 0].cpu().numpy()
        if len(codes) < self.n_codebooks:
            raise TrainingError(f"{self._generator.folder} has a codec of other codebooks")
        return np.asarray(codes[: self.n_codebooks], dtype=np.int64)

    def measure_loss(self, vectors: "torch.Tensor", codes: "torch.Tensor") -> "torch.Tensor":
        """The mean cross entropy of codes, each after those before it, by vectors for words.

        Args:
            vectors: (n, t, width).
            codes: (n, codebooks, frames) int64.

        Returns:
            A number in nats, with a gradient to the vectors.
        """
        import torch
        from torch.nn.functional import cross_entropy

        inputs, targets = delay_codes(codes, self._pad)
        model = self._generator.model.to(vectors.device)
        made = model(
            encoder_outputs=(vectors,),
            attention_mask=torch.ones(vectors.shape[:2], dtype=torch.long, device=vectors.device),
            decoder_input_ids=inputs.flatten(0, 1),
        )
        loss: torch.Tensor = cross_entropy(
            made.logits.flatten(0, 1), targets.flatten(), ignore_index=self._pad
        )
        return loss


def delay_codes(codes: "torch.Tensor", pad: int) -> tuple["torch.Tensor", "torch.Tensor"]:
    """Shift the codes of each codebook one step more than those of the one before (Copet 2023).

    Args:
        codes: (n, codebooks, frames).
        pad: fills the rest.

    Returns:
        The inputs and the targets of the decoder, (n, codebooks, frames + codebooks - 1) each:
        a target is the input of the next step.
    """
    n, n_codebooks, n_frames = codes.shape
    whole = codes.new_full((n, n_codebooks, n_frames + n_codebooks), pad)
    for at in range(n_codebooks):
        whole[:, at, at + 1 : at + 1 + n_frames] = codes[:, at]
    return whole[:, :, :-1], whole[:, :, 1:]
