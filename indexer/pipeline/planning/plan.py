"""Lists the missing stages of each file."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.features.analysis import AnalysisOptions
from mvsearch.indexer.lyrics import ListFiles, list_lyric_files
from mvsearch.indexer.lyrics.whisper.engines.engine import list_origins
from mvsearch.indexer.lyrics.whisper.transcribe import TranscribeOptions
from mvsearch.indexer.lyrics.whisper.windows import WindowOptions
from mvsearch.indexer.media.decoding.sampling import sampling_mark
from mvsearch.indexer.media.decoding.types import Decoded
from mvsearch.indexer.metadata.beside import list_folder, mark_side_cars
from mvsearch.indexer.pipeline.lyrics.lyrics_stage import lyrics_fingerprint
from mvsearch.indexer.pipeline.outcome import LyricsMode
from mvsearch.indexer.pipeline.planning.inventory import Found, Inventory
from mvsearch.store.catalog.writing import Catalog
from mvsearch.store.records import Modality, Stage

DECODED_STAGES: tuple[Modality, ...] = ("frames", "audio")


@dataclass(frozen=True, slots=True)
class Job:
    """The files of one video and its missing stages.

    Attributes:
        files: all files of the run with this content; the first by path is analysed, and its
            `others` lists the rest.
        lacking: the missing stages; empty if only locations change, or metadata are read.
    """

    files: tuple[Found, ...]
    lacking: tuple[Modality, ...]


@dataclass(frozen=True, slots=True)
class LyricsRequest:
    """The allowed sources of lyrics in a run.

    Attributes:
        mode: the mode of the run; see `StageOptions`.
        whisper_model: the name that is stored with its lyrics.
        can_transcribe: whether the model is available.
    """

    mode: LyricsMode
    whisper_model: str
    can_transcribe: bool


@dataclass(slots=True)
class Jobs:
    """The jobs of a run, with counts.

    Attributes:
        jobs: videos with missing stages or changed locations.
        n_unchanged: files without a job.
        n_waiting: unchanged videos whose lyrics are pending.
        n_whole: unchanged files with more than key frames.
        n_refined: videos with key frames only, of which all frames are indexed now.
        n_resampled: videos whose frames were sampled by another rule.
        n_undescribed: complete videos of an older library whose metadata are read now.
        n_unmarked: videos of an older library whose sound gets landmarks now.
        n_uncopied: videos of an older library whose pictures get vectors of copies now.
        n_described_anew: complete videos whose side-cars of metadata have changed.
    """

    jobs: list[Job] = field(default_factory=list)
    n_unchanged: int = 0
    n_whole: int = 0
    n_waiting: int = 0
    n_refined: int = 0
    n_resampled: int = 0
    n_undescribed: int = 0
    n_unmarked: int = 0
    n_uncopied: int = 0
    n_described_anew: int = 0

    def explain(self, given: Sequence[str]) -> list[str]:
        """Explain, in one line each, why videos are indexed again or options have no effect.

        Args:
            given: the options of `list_idle_options`.
        """
        reasons = []
        if self.n_refined:
            reasons.append(
                f"Of {_count_videos(self.n_refined)} there are key frames only, by --fast; now the"
                " others are taken as well"
            )
        if self.n_resampled:
            reasons.append(
                f"Frames are chosen by another rule now; those of {_count_videos(self.n_resampled)}"
                " are taken anew, so that all can be compared"
            )
        if self.n_undescribed:
            videos = _count_videos(self.n_undescribed)
            reasons.append(
                f"Tags of {videos} are read again, for year, album and what else filters ask for"
            )
        if self.n_described_anew:
            videos = _count_videos(self.n_described_anew)
            reasons.append(f"Files with names and pictures beside {videos} have changed")
        if self.n_unmarked:
            videos = _count_videos(self.n_unmarked)
            reasons.append(
                f"The sound of {videos} is encoded again, for landmarks, which find it among talk"
                " and other music"
            )
        if self.n_uncopied:
            videos = _count_videos(self.n_uncopied)
            reasons.append(
                f"The pictures of {videos} are encoded again, to find them also where they are"
                " filmed from a screen"
            )
        names = [name for name in given if name != "--fast" or self.n_whole]
        if names and self.n_unchanged:
            files = "1 file is" if self.n_unchanged == 1 else f"{self.n_unchanged} files are"
            verb = "counts" if len(names) == 1 else "count"
            reasons.append(
                f"{' and '.join(names)} {verb} for new and changed files only: {files} unchanged, "
                "left as indexed before; to index one anew: mvsearch remove VIDEO, then index its"
                " file"
            )
        return reasons


def list_idle_options(
    analysis: AnalysisOptions, transcription: TranscribeOptions, language: str | None
) -> list[str]:
    """List the given options, as typed, that do not apply to unchanged files."""
    given = {
        "--frame-rate": analysis.frames_per_second is not None,
        "--language": language is not None,
        "--fast": analysis.decoded == "key",
        "--whisper-engine": transcription.engine is not None,
        "--voiced-only": transcription.windows != WindowOptions(),
    }
    return [name for name, is_given in given.items() if is_given]


def _count_videos(n_videos: int) -> str:
    return "1 video" if n_videos == 1 else f"{n_videos} videos"


def choose_jobs(
    inventory: Inventory,
    catalog: Catalog,
    encoders: Encoders,
    request: LyricsRequest,
    decoded: Decoded = "needed",
) -> Jobs:
    """Group files into jobs, one per content.

    Args:
        inventory: the files.
        catalog: the finished stages.
        encoders: of the profile.
        request: the allowed sources of lyrics.
        decoded: which frames; if more than key frames, videos with only these are done again.
    """
    state = _read_state(catalog, encoders, decoded)
    moved = {found.video_id for found in inventory.fresh} | inventory.affected_ids
    list_once, list_folder_once, chosen = cache(list_lyric_files), cache(list_folder), Jobs()
    origins = {f"whisper {origin}" for origin in list_origins(request.whisper_model)}
    groups = group_by_content(inventory)
    settled = {i: files for i, files in groups.items() if i in state.known and i not in moved}
    marks = {i: mark_side_cars(one[0].places, list_folder_once) for i, one in settled.items()}
    for video_id, files in groups.items():
        is_new = video_id not in state.known or any(found.is_retry for found in files)
        lacking = [stage for stage, ids in state.pending.items() if is_new or video_id in ids]
        lyrics = state.lyrics.get(video_id)
        if _lacks_lyrics(files[0], is_new, lyrics, request, origins, list_once):
            lacking.append("lyrics")
        chosen.n_refined += video_id in state.rough
        chosen.n_resampled += video_id in state.resampled and video_id not in state.rough
        chosen.n_unmarked += video_id in state.unmarked
        chosen.n_uncopied += video_id in state.uncopied
        # Another encoder may redo shared stages, so copies are included.
        known_mark = state.marks.get(video_id)
        is_stale = not lacking and video_id in marks and marks[video_id] != known_mark
        chosen.n_undescribed += is_stale and known_mark is None
        chosen.n_described_anew += is_stale and known_mark is not None
        if lacking or video_id in moved or is_stale:
            chosen.jobs.append(Job(tuple(files), tuple(lacking)))
        else:
            chosen.n_unchanged += len(files)
            chosen.n_whole += len(files) * (video_id not in state.with_key_frames_only)
            chosen.n_waiting += lyrics is not None and lyrics.status == "pending"
    return chosen


@dataclass(frozen=True, slots=True)
class _State:
    """The finished stages of all videos, by their ids.

    Attributes:
        known: all videos.
        marks: of the side-cars of metadata, as they were read; None of those of older libraries.
        lyrics: the lyrics stages.
        pending: the videos that lack each decoded stage, or need it again.
        with_key_frames_only: videos of which only key frames are indexed.
        rough: those of `with_key_frames_only` that need all frames now.
        resampled: videos whose frames were sampled by another rule.
        unmarked: videos whose sound was encoded before landmarks were stored.
        uncopied: videos whose frames were encoded before there were vectors of copies.
    """

    known: Collection[str]
    marks: Mapping[str, str | None]
    lyrics: Mapping[str, Stage]
    pending: Mapping[Modality, Collection[str]]
    with_key_frames_only: Collection[str]
    rough: Collection[str]
    resampled: Collection[str]
    unmarked: Collection[str]
    uncopied: Collection[str]


def _read_state(catalog: Catalog, encoders: Encoders, decoded: Decoded) -> _State:
    """Read the finished stages, in one query for all videos: 10,000 queries take seconds."""
    pending = {
        stage: catalog.pending(stage, encoder.spaces[0].key)
        for stage in DECODED_STAGES
        if (encoder := encoders.get(stage)) is not None
    }
    frames_key, *other_keys = [s.key for s in encoders.frames.spaces if s.view != "words"]
    with_key_frames_only = catalog.with_key_frames_only(frames_key)
    rough = set() if decoded == "key" else with_key_frames_only
    resampled = catalog.pending("frames", frames_key, sampling_mark()) - pending["frames"]
    uncopied = {i for key in other_keys for i in catalog.find_lacking(key, frames_key)}
    uncopied -= pending["frames"] | rough | resampled
    pending["frames"] |= rough | resampled | uncopied
    audio = encoders.get("audio")
    unmarked = catalog.without_peaks(audio.spaces[0].key) if audio is not None else set()
    unmarked -= pending.get("audio", set())
    if audio is not None:
        pending["audio"] |= unmarked
    return _State(
        catalog.video_ids(),
        catalog.metadata_marks(),
        catalog.stages_of("lyrics", encoders.lyrics.spaces[0].key),
        pending,
        with_key_frames_only,
        rough,
        resampled,
        unmarked,
        uncopied,
    )


def group_by_content(inventory: Inventory) -> dict[str, list[Found]]:
    """Group files by video id, in the order of paths, so that jobs do not depend on scan order.

    The `others` of the first file of a group list the rest.
    """
    groups: dict[str, list[Found]] = {}
    for found in sorted((*inventory.fresh, *inventory.unchanged), key=lambda one: one.file.path):
        groups.setdefault(found.video_id, []).append(found)
    for video_id, (first, *rest) in groups.items():
        paths = [found.file.path for found in rest]
        others = (*paths, *inventory.elsewhere.get(video_id, ()))
        groups[video_id][0] = replace(first, others=others)
    return groups


def _lacks_lyrics(
    found: Found,
    is_new: bool,
    stage: Stage | None,
    request: LyricsRequest,
    whisper_origins: Collection[str],
    list_files: ListFiles,
) -> bool:
    """Return whether lyrics were never searched, or better ones may exist now."""
    if request.mode == "off" or is_new:
        return request.mode != "off"
    if stage is None:
        return True
    if request.mode == "whisper":
        is_silent = stage.status == "absent" and not stage.origin
        return stage.origin not in whisper_origins and not is_silent
    if stage.fingerprint != lyrics_fingerprint(found.places, list_files):
        return True
    return stage.status == "pending" and request.can_transcribe
