"""What is known of each network: origin, licence, languages, dimensions, cost, a known output."""

from dataclasses import dataclass
from typing import Any

# The figures below are those of `python -m benchmarks.models` on this day, on one core of a machine
# that was busy; Whisper's are those of seven songs (docs/decisions/0012-whisper.md).
MEASURED = "2026-11-29"


@dataclass(frozen=True, slots=True)
class ModelCard:
    """A network, apart from the state of its weights on this machine.

    Attributes:
        task: what it makes of what.
        source: where the weights come from.
        licence: of the weights, as SPDX names it.
        languages: of the words that it understands; empty if it is given no words.
        dimensions: of the vectors of each of its spaces; of a classifier, the number of classes.
        item: what the time is for.
        core_ms: processor time of one item on one core, in milliseconds; None if not measured.
        peak_mb: peak memory of a process that runs it, in MB; None if not measured.
        signature: of the example that `mvsearch models check` encodes; empty if not measured. See
            `networks.examples.measure_signature`.
    """

    task: str
    source: str
    licence: str
    languages: str
    dimensions: tuple[int, ...]
    item: str
    core_ms: float | None = None
    peak_mb: int | None = None
    signature: tuple[float, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the part of `mvsearch models list --json`."""
        return {
            "task": self.task,
            "source": self.source,
            "licence": self.licence,
            "languages": self.languages,
            "dimensions": list(self.dimensions),
            "item": self.item,
            "core_ms": self.core_ms,
            "peak_mb": self.peak_mb,
        }


_PICTURES, _WORDS = "pictures", "pictures and words"
_LYRICS, _SOUND = "lyric lines and words", "sound"
_FRAME, _LINE, _SECOND = "frame", "line", "second of sound"
_OPENAI = "OpenAI Whisper (Radford et al. 2022)"

CARDS: dict[str, ModelCard] = {
    "efficientnet-lite0": ModelCard(
        _WORDS, "EfficientNet-Lite0 (Tan and Le 2019; Liu 2020), ImageNet", "Apache-2.0", "English",
        (1280, 512, 384), _FRAME, 6.2, 202, (0.302, 0.269, 0.256, 0.163),
    ),
    "sscd": ModelCard(
        _PICTURES, "SSCD, distilled (Pizzi et al. 2022)", "MIT, the package's own terms", "",
        (512,), _FRAME, 2.9, 124, (1.095, 0.178, 0.523, 0.072),
    ),
    "minilm": ModelCard(
        _LYRICS, "sentence-transformers/all-MiniLM-L6-v2", "Apache-2.0", "English", (384,), _LINE,
        1.8, 128, (0.599, 0.287, 0.009, 0.211),
    ),
    "use-multilingual": ModelCard(
        _LYRICS, "Universal Sentence Encoder, multilingual v3 (Yang et al. 2019)", "Apache-2.0",
        "ar, de, en, es, fr, it, ja, ko, nl, pl, pt, ru, th, tr, zh, zh-TW", (512,), _LINE,
        0.4, 106, (-0.134, -0.358, 0.027, -0.665),
    ),
    "e5": ModelCard(
        _LYRICS, "intfloat/multilingual-e5-small (Wang et al. 2024), in 4 bits", "MIT", "94",
        (384,), _LINE, 4.4, 211, (-0.786, 0.824, -0.614, 0.404),
    ),
    "signal": ModelCard(
        _SOUND, "no network: timbre, harmony, pitch and rhythm", "MIT", "", (394,), _SECOND,
        0.4, 105, (-0.122, -0.1, -0.131, -0.234),
    ),
    "signal-yamnet": ModelCard(
        "sound and words", "signal and yamnet", "MIT, Apache-2.0", "English", (394, 384), _SECOND,
    ),
    "yamnet": ModelCard(
        "classes of sound", "Google's YAMNet (Plakal and Ellis), AudioSet", "Apache-2.0",
        "English", (521,), _SECOND, 1.8, 305, (0.738, 0.618, 0.602, 0.501),
    ),
    "signal-musicnn": ModelCard(
        "sound and words", "signal and musicnn", "MIT, ISC, of CC-BY-NC-SA annotations", "English",
        (394, 384), _SECOND, 7.4, 418, (-0.122, -0.1, -0.131, -0.234),
    ),
    "musicnn": ModelCard(
        "tags of music", "musicnn (Pons and Serra 2019), MagnaTagATune and Million Song Dataset",
        "ISC, of CC-BY-NC-SA annotations", "English", (73,), _SECOND, 11.7, 412,
        (-0.371, 0.183, 1.306, -0.83),
    ),
    "mood": ModelCard(
        "quadrants of mood of sound", "signal, and the head of indexer/mood/heads.md",
        "MIT, of data for research", "English", (4,), _SECOND,
    ),
    "ast": ModelCard(
        "classes of sound", "MIT/ast-finetuned-audioset-10-10-0.4593 (Gong et al. 2021)",
        "BSD-3-Clause", "English", (527,), _SECOND,
    ),
    "resnet50": ModelCard(
        _PICTURES, "torchvision ResNet-50 (He et al. 2016), ImageNet", "BSD-3-Clause", "", (2048,),
        _FRAME,
    ),
    "bert": ModelCard(
        _LYRICS, "google-bert/bert-base-uncased (Devlin et al. 2019)", "Apache-2.0", "English",
        (768,), _LINE,
    ),
    "multilingual": ModelCard(
        _LYRICS, "sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2", "Apache-2.0", "50",
        (384,), _LINE,
    ),
    "clip": ModelCard(
        _WORDS, "openai/clip-vit-base-patch32 (Radford et al. 2021)", "MIT", "English", (512,),
        _FRAME,
    ),
    "siglip2": ModelCard(
        _WORDS, "google/siglip2-base-patch16-224 (Tschannen et al. 2025)", "Apache-2.0",
        "many", (768,), _FRAME,
    ),
    "clap": ModelCard(
        "sound and words", "laion/clap-htsat-unfused (Wu et al. 2023)", "Apache-2.0", "English",
        (512,), _SECOND,
    ),
    "blip": ModelCard(
        "captions of pictures", "Salesforce/blip-image-captioning-base (Li et al. 2022)",
        "BSD-3-Clause", "English", (), _FRAME,
    ),
    "musicgen-small": ModelCard(
        "music by words", "facebook/musicgen-small (Copet et al. 2023)", "CC-BY-NC-4.0", "English",
        (), _SECOND,
    ),
    "whisper-base": ModelCard(
        "transcription", _OPENAI, "MIT", "99", (), _SECOND, 140.0, 620,
        (0.293, -0.56, -0.138, 0.045),
    ),
    "whisper-base.en": ModelCard("transcription", _OPENAI, "MIT", "English", (), _SECOND),
    "whisper-turbo": ModelCard("transcription", _OPENAI, "MIT", "100", (), _SECOND),
    "rapidocr": ModelCard(
        "text in the picture", "PaddleOCR PP-OCRv6 small (Liao et al. 2020; Du et al. 2022)",
        "Apache-2.0", "Latin letters, zh, ja", (), _FRAME, 50.0, 263, (0.754, 0.117, 0.386, 0.33),
    ),
}  # fmt: skip
