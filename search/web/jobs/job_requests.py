"""What requests for jobs may say, with bounds."""

from typing import Annotated, Any, Literal

from pydantic import Field

from mvsearch.search.evaluation.outcomes import OutcomeKind
from mvsearch.search.evaluation.queries.sample import EVERY_DISTORTION, KINDS, SampleOptions
from mvsearch.search.web.requests import (
    FilePath,
    FilterFields,
    Moments,
    Name,
    SearchOptionFields,
    Seconds,
    Strict,
)

Width = Annotated[int, Field(ge=20, le=1000)]
Table = Annotated[str, Field(max_length=2**22)]
Positive = Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False)]


class WhisperFields(Strict):
    """How lyrics are transcribed; a model is named, so that no request can name a path."""

    whisper_model: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$")] | None = None
    whisper_engine: Literal["openai", "faster"] | None = None
    voiced_only: bool = False
    language: Annotated[str, Field(max_length=20)] | None = None
    wait_seconds: Annotated[float, Field(ge=0, le=60, allow_inf_nan=False)] = 10.0


class IndexRequest(WhisperFields):
    """An index run; see `mvsearch index`.

    Attributes:
        on: "ray" for the cluster that the server's `$RAY_ADDRESS` names; a request names no other.
    """

    paths: Annotated[list[FilePath], Field(min_length=1, max_length=32)]
    lyrics: Literal["auto", "later", "sidecar", "whisper", "off"] = "auto"
    workers: Annotated[int, Field(ge=1, le=64)] | None = None
    recursive: bool = True
    frame_rate: Positive | None = None
    fast: bool = False
    max_hours: Positive = 12.0
    retry_failed: bool = False
    include_removed: bool = False
    ocr: bool | None = None
    settle_seconds: Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False)] = 0.0
    on: Literal["ray"] | None = None
    worker_cpus: Positive | None = None
    worker_gpus: Annotated[float, Field(ge=0, le=64, allow_inf_nan=False)] = 0.0
    upload: bool = False

    def to_arguments(self) -> dict[str, Any]:
        """The keyword arguments of `VideoLibrary.index`."""
        return self.model_dump(exclude={"paths"})


class TranscribeRequest(WhisperFields):
    """A transcription; see `mvsearch transcribe`. Without videos, of all that are pending."""

    videos: Annotated[tuple[FilePath, ...], Field(max_length=10_000)] = ()

    def to_arguments(self) -> dict[str, Any]:
        """The keyword arguments of `VideoLibrary.transcribe`."""
        return self.model_dump(exclude={"videos"})


class EvaluateRequest(Strict):
    """An evaluation; see `mvsearch evaluate`.

    Attributes:
        profiles: to compare, which index the videos anew; none for that of the library.
        groups: the content of CSV files with columns path and group.
        labels: the content of CSV files with columns file, valence and arousal.
    """

    n_clips: Annotated[int, Field(ge=1, le=10_000)] = 60
    lengths_seconds: Annotated[tuple[Seconds, ...], Field(max_length=8)] = (5.0,)
    distortions: Annotated[tuple[Name, ...], Field(max_length=100)] = EVERY_DISTORTION
    kinds: Annotated[tuple[OutcomeKind, ...], Field(max_length=8)] = KINDS
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 1
    profiles: Annotated[tuple[Name, ...], Field(max_length=8)] = ()
    groups: Annotated[tuple[Table, ...], Field(max_length=8)] = ()
    labels: Annotated[tuple[Table, ...], Field(max_length=8)] = ()
    workers: Annotated[int, Field(ge=1, le=64)] | None = None

    def to_sample(self) -> SampleOptions:
        """The queries to draw.

        Raises:
            QueryError: a length or a distortion is invalid.
        """
        return SampleOptions(
            self.n_clips, self.lengths_seconds, self.distortions, self.kinds, self.seed
        )


class VersionsRequest(Strict):
    """A search for versions; see `mvsearch versions`."""

    filter: FilterFields = FilterFields()


class VersionsReportRequest(VersionsRequest):
    """A report of the versions."""

    form: Literal["table", "json", "html"] = "table"
    width: Width = 120


class SimilarReportRequest(SearchOptionFields):
    """A report of similar songs; see `mvsearch similar`.

    Attributes:
        video: see `/find`; None for all that pass the filter.
        form: also one of a plug-in.
        has_links: whether names in a table link to their files, for a terminal.
    """

    video: FilePath | None = None
    filter: FilterFields = FilterFields()
    form: Name = "table"
    width: Width = 120
    has_links: bool = False
    n_moments: Moments = 3

    def to_arguments(self) -> dict[str, Any]:
        """The keyword arguments of `VideoLibrary.report_similar`."""
        return super().to_arguments() | {"n_moments": self.n_moments}
