"""Generates music with MusicGen, conditioned by words or by vectors in their place."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from mvsearch.indexer.encoders.networks.device import choose_device, count_threads
from mvsearch.indexer.encoders.networks.files.checkpoints import (
    DownloadedWeights,
    compute_fingerprint,
)
from mvsearch.indexer.encoders.networks.pretrained import load_pretrained
from mvsearch.indexer.encoders.networks.tokens import TokenFrame, Tokens
from mvsearch.indexer.once import cached_once
from mvsearch.indexer.progress import StepCounter
from mvsearch.store.errors import MvsearchError, QueryError
from mvsearch.store.records import Matrix

if TYPE_CHECKING:
    import torch

MIN_SECONDS = 1.0
# MusicGen was trained on pieces of half a minute; what it adds after that drifts.
MAX_SECONDS = 30.0
MAX_SEED = 2**32 - 1
MAX_TEXT_TOKENS = 256


@dataclass(frozen=True, slots=True)
class ComposeOptions:
    """How music is generated.

    Attributes:
        seconds: of music.
        seed: of the draws; the same seed gives the same music on one machine.
        guidance: weight of the condition against none (classifier-free guidance; Ho and Salimans
            2022); 3 as in the publication.
        top_k: the number of most probable codes that are drawn from, as in the publication.
    """

    seconds: float = 10.0
    seed: int = 0
    guidance: float = 3.0
    top_k: int = 250

    def __post_init__(self) -> None:
        """Check the ranges."""
        if not MIN_SECONDS <= self.seconds <= MAX_SECONDS:
            raise QueryError(
                f"music has {MIN_SECONDS:g} to {MAX_SECONDS:g} seconds, not {self.seconds:g}"
            )
        if not 0 <= self.seed <= MAX_SEED:
            raise QueryError(f"a seed is a whole number from 0 to {MAX_SEED}, not {self.seed}")
        if not 1.0 <= self.guidance <= 20.0 or self.top_k < 1:
            raise ValueError(f"guidance {self.guidance}, top_k {self.top_k}")


class MusicGen:
    """MusicGen, small (Copet et al. 2023): EnCodec's codes by a transformer after T5's words.

    Attributes:
        name: of the network.
        weights: the checkpoint.
    """

    name: ClassVar[str] = "musicgen-small"
    weights: ClassVar[DownloadedWeights] = DownloadedWeights(
        "musicgen-small",
        "facebook/musicgen-small",
        ("model.safetensors", "config.json", "generation_config.json", "tokenizer.json"),
    )

    def __init__(self, folder: Path | None = None) -> None:
        """Locate the weights; they are loaded at the first use.

        Args:
            folder: of the checkpoint; by default that of `weights`.

        Raises:
            WeightsMissingError: a file is missing.
        """
        self.folder = self.weights.locate(folder)
        self.revision = compute_fingerprint(self.folder, self.weights.files)

    @property
    def sample_rate(self) -> int:
        """Of the music, in hertz."""
        return int(self.model.config.audio_encoder.sampling_rate)

    @property
    def frame_rate(self) -> float:
        """Frames of codes a second."""
        return self.sample_rate / int(self.model.config.audio_encoder.hop_length)

    @property
    def width(self) -> int:
        """The length of a vector of the condition, which is that of T5's output."""
        return int(self.model.config.text_encoder.hidden_size)

    def compose(
        self, text: str, options: ComposeOptions, count: StepCounter | None = None
    ) -> Matrix:
        """Generate music by words.

        Args:
            text: English, such as "calm piano music"; what exceeds 256 tokens is cut off.
            options: length and seed.
            count: called after each step.

        Returns:
            (n, channels) float32 samples, exactly as many as the length asks for.

        Raises:
            QueryError: the checkpoint cannot make music of this length.
            MvsearchError: the checkpoint is damaged.
        """
        import torch

        (ids,) = self._tokens.split([text])
        words = torch.tensor([ids], device=self.model.device)
        with torch.inference_mode():
            hidden = self.model.text_encoder(input_ids=words).last_hidden_state
        return self._generate(hidden, options, count)

    def compose_from(
        self, vectors: Matrix, options: ComposeOptions, count: StepCounter | None = None
    ) -> Matrix:
        """Generate music by (t, `width`) float32 vectors in the place of T5's; see `compose`."""
        import torch

        if vectors.ndim != 2 or vectors.shape[1] != self.width or not np.isfinite(vectors).all():
            raise MvsearchError(f"{self.name} takes vectors of {self.width} finite numbers")
        return self._generate(torch.tensor(vectors[None], device=self.model.device), options, count)

    def try_out(self) -> None:
        """Load the network and generate a second of music.

        Raises:
            MvsearchError: the checkpoint is damaged.
        """
        self.compose("music", ComposeOptions(MIN_SECONDS))

    @cached_once
    def model(self) -> Any:
        """The network on its device, frozen.

        Raises:
            MvsearchError: the checkpoint is damaged.
        """
        import torch

        torch.set_num_threads(count_threads())
        model = load_pretrained("MusicgenForConditionalGeneration", self.folder)
        return model.to(choose_device()).eval().requires_grad_(False)

    @cached_once
    def _tokens(self) -> Tokens:
        frame = TokenFrame(start="", end="</s>", pad="<pad>", max_tokens=MAX_TEXT_TOKENS)
        return Tokens(self.folder / "tokenizer.json", frame)

    def _generate(
        self, hidden: "torch.Tensor", options: ComposeOptions, count: StepCounter | None
    ) -> Matrix:
        """Generate music by (1, t, width) vectors."""
        import torch
        from transformers.modeling_outputs import BaseModelOutput

        model, n_steps = self.model, self._count_steps(options.seconds)
        # Guidance compares with a condition that is masked as a whole, as in the training.
        both = torch.cat([hidden, torch.zeros_like(hidden)])
        mask = torch.zeros(both.shape[:2], dtype=torch.long, device=model.device)
        mask[0] = 1
        is_guided = options.guidance > 1
        n_rows = 2 if is_guided else 1
        with torch.random.fork_rng(), torch.inference_mode():
            torch.manual_seed(options.seed)
            made = model.generate(
                # Only their shape counts, as their vectors are given.
                inputs=mask[:1],
                encoder_outputs=BaseModelOutput(last_hidden_state=both[:n_rows]),
                attention_mask=mask[:n_rows],
                do_sample=True,
                top_k=options.top_k,
                guidance_scale=options.guidance if is_guided else None,
                max_new_tokens=n_steps,
                stopping_criteria=[_Counter(count, n_steps)],
            )
        return self._cut(made[0].float().cpu().numpy().T, options.seconds)

    def _count_steps(self, seconds: float) -> int:
        """The steps of so many seconds: the codebooks of a frame are one step apart.

        Raises:
            QueryError: the positions of the network do not suffice.
        """
        decoder = self.model.config.decoder
        n_delays = decoder.num_codebooks // decoder.audio_channels - 1
        n_steps: int = math.ceil(seconds * self.frame_rate) + n_delays
        if n_steps >= decoder.max_position_embeddings:
            longest = (decoder.max_position_embeddings - n_delays - 1) / self.frame_rate
            raise QueryError(f"{self.folder} makes music of {longest:.1f} seconds at most")
        return n_steps

    def _cut(self, samples: Matrix, seconds: float) -> Matrix:
        n_samples = round(seconds * self.sample_rate)
        if len(samples) < n_samples or not np.isfinite(samples).all():
            raise MvsearchError(f"{self.folder} makes no music: its weights are damaged")
        return np.ascontiguousarray(samples[:n_samples], dtype=np.float32)


class _Counter:
    """Reports the steps of a generation; it never ends one."""

    def __init__(self, count: StepCounter | None, n_steps: int) -> None:
        self._count, self._n_steps, self._n_done = count, n_steps, 0

    def __call__(self, input_ids: "torch.Tensor", _: Any, **__: Any) -> "torch.Tensor":
        """Count a step of a batch, none of which is finished by it."""
        import torch

        self._n_done = min(self._n_done + 1, self._n_steps)
        if self._count is not None:
            self._count(self._n_done, self._n_steps)
        return torch.zeros(len(input_ids), dtype=torch.bool, device=input_ids.device)
