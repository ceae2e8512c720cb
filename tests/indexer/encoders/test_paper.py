"""The profile `paper` on small checkpoints of its architectures."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import mvsearch.indexer.encoders
from mvsearch.indexer.encoders import PROFILES, Encoders, load_encoder
from mvsearch.indexer.encoders.image.resnet import ResNet50
from mvsearch.indexer.encoders.networks.pretrained import load_pretrained
from mvsearch.indexer.encoders.text.bert import Bert
from mvsearch.indexer.pipeline.index_options import IndexOptions
from mvsearch.indexer.pipeline.run import index_paths
from mvsearch.search.engine import Engine
from mvsearch.search.options import SearchOptions, choose_fusion
from mvsearch.search.query.query import Query, QueryPart
from mvsearch.store.errors import WeightsMissingError
from mvsearch.store.library import Library
from mvsearch.store.records import LyricLine, Lyrics
from tests.indexer.encoders.small_checkpoints import WORDS, run_by_torch
from tests.listener import Listener
from tests.toy_library import make_clip

Folder = Callable[[str], Path]

# 600 words: more than BERT reads.
SONG = [" ".join(WORDS[(line + place) % len(WORDS)] for place in range(6)) for line in range(100)]


@pytest.fixture(scope="module")
def paper(checkpoint: Folder) -> Iterator[Encoders]:
    made = {"resnet50": ResNet50, "bert": Bert}

    def load(name: str) -> Any:
        encoder = made[name](checkpoint(name))
        run_by_torch(encoder)
        return encoder

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mvsearch.indexer.encoders, "load_encoder", load)
        yield Encoders("paper")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A song of eight seconds, so with 16 frames to draw from, and another of three."""
    videos = tmp_path_factory.mktemp("videos")
    make_clip(videos / "Long.mp4", "testsrc2=s=96x64:r=4:d=8", "sine=f=330:d=8", 8)
    make_clip(videos / "Short.mp4", "mandelbrot=s=96x64:r=4", None, 3)
    stamps = [f"[00:{place // 20:02d}.{place % 20 * 5:02d}]" for place in range(len(SONG))]
    text = "\n".join(stamp + line for stamp, line in zip(stamps, SONG, strict=True))
    (videos / "Long.lrc").write_text(text, "utf-8")
    return videos


@pytest.fixture(scope="module")
def home(paper: Encoders, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a library of both lies."""
    home = tmp_path_factory.mktemp("library")
    with Library.open(home, create=True) as opened:
        summary = index_paths([folder], opened, paper, IndexOptions(workers=1))
        assert summary.indexed == 2
        assert not summary.failures
    return home


@pytest.fixture
def library(home: Path) -> Iterator[Library]:
    with Library.open(home) as opened:
        yield opened


def test_ten_frames_a_video_and_one_text_a_song(
    library: Library, paper: Encoders, checkpoint: Folder
) -> None:
    (frames, lyrics) = library.catalog.spaces()
    assert (frames.encoder, frames.revision.rpartition("-")[2]) == ("resnet50", "10random")
    assert (lyrics.encoder, lyrics.revision.rpartition("-")[2]) == ("bert", "whole")
    long, short = library.catalog.videos()
    seen = library.catalog.embeddings(long.id, frames.key)
    assert seen is not None
    assert seen.vectors.shape == (10, 2048)
    starts = [segment.start_seconds for segment in seen.segments]
    assert starts == sorted(set(starts))
    few = library.catalog.embeddings(short.id, frames.key)
    assert few is not None
    assert few.vectors.shape == (6, 2048)

    sung = library.catalog.embeddings(long.id, lyrics.key)
    assert sung is not None
    (segment,) = sung.segments
    assert segment.text.splitlines() == SONG
    assert segment.start_seconds == 0
    # The mean over the first 512 tokens, by transformers itself; [CLS] and [SEP] are two of them.
    ids = paper.lyrics._tokens.split(["\n".join(SONG)])[0]  # type: ignore[attr-defined]
    assert len(ids) == 512
    model = load_pretrained("BertModel", checkpoint("bert"), add_pooling_layer=False)
    with torch.inference_mode():
        mean = model(input_ids=torch.tensor([ids])).last_hidden_state[0].mean(0).numpy()
    assert float(sung.vectors[0] @ mean) > 0.999 * float(np.linalg.norm(mean))


def test_a_query_is_encoded_as_the_library_was(
    library: Library, paper: Encoders, folder: Path
) -> None:
    engine = Engine(library, paper)
    clip = engine.search(Query((QueryPart("clip", str(folder / "Long.mp4")),)))
    assert clip[0].video.title == "Long"
    # The same content gives the same ten frames, each of which finds itself.
    assert clip[0].contributions["frames"].similarity == pytest.approx(1, abs=2e-3)
    line = engine.search(Query((QueryPart("lyric", "\n".join(SONG)),)))
    assert line[0].contributions["lyrics"].similarity == pytest.approx(1, abs=2e-3)
    assert "\n" not in line[0].moments[0].text


def test_the_published_weights(library: Library, paper: Encoders) -> None:
    weights = Engine(library, paper).weights(SearchOptions(fusion=choose_fusion(paper)))
    assert weights["frames"] == pytest.approx(0.6)
    assert weights["lyrics"] == pytest.approx(0.4)
    assert PROFILES["paper"].fusion == "weighted"


class TwoLines(Listener):
    """Hears the same two lines in whatever sounds."""

    def transcribe(self, samples: Any, stop: Any = None) -> Lyrics:
        lines = (LyricLine("a dog", 1, 2), LyricLine("a wolf", 2, 3))
        return Lyrics(lines, "whisper", self.model_name)


def test_whisper_is_asked_first_where_it_is_there(
    home: Path, paper: Encoders, folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(
        "mvsearch.indexer.pipeline.run.has_weights", lambda model: model == "base.en"
    )
    monkeypatch.setattr("mvsearch.indexer.pipeline.run.Transcriber", TwoLines)
    with Library.open(shutil.copytree(home, tmp_path / "library")) as library:
        index_paths([folder], library, paper, IndexOptions(workers=1))
        long, short = library.catalog.videos()
        heard = library.catalog.embeddings(long.id, library.catalog.spaces()[1].key)
        assert heard is not None
        assert [segment.text for segment in heard.segments] == ["a dog\na wolf"]
        assert library.catalog.lyrics(short.id) is None
        again = index_paths([folder], library, paper, IndexOptions(workers=1))
        assert (again.indexed, again.unchanged) == (0, 2)


def test_missing_weights_say_which_file_and_where(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(mvsearch.indexer.encoders, "load_encoder", load_encoder)
    monkeypatch.setenv("MVSEARCH_MODELS", str(tmp_path))
    with pytest.raises(
        WeightsMissingError, match="models fetch resnet50`, `mvsearch models fetch b"
    ):
        Encoders("paper").spaces()
    # A single one says which file goes where.
    place = str(tmp_path / "resnet50")
    with pytest.raises(WeightsMissingError, match=r"resnet50-11ad3fa6\.pth") as caught:
        load_encoder("resnet50")
    assert place in str(caught.value)
