"""The registry of encoders and classifiers, by name."""

import logging
from collections.abc import Collection
from importlib import import_module
from typing import Any

from mvsearch.indexer import plugins
from mvsearch.indexer.encoders.operating_points import OperatingPoints
from mvsearch.indexer.encoders.plugin_encoders import find_plugin_class, make_plugin_encoder
from mvsearch.indexer.encoders.protocols import Classifier, Encoder
from mvsearch.store.errors import MvsearchError
from mvsearch.store.records import COPIES

logger = logging.getLogger(__name__)

# docs/contributing.md says how to add an encoder.
ENCODERS: dict[str, str] = {
    "efficientnet-lite0": "mvsearch.indexer.encoders.image.efficientnet:EfficientNetLite0",
    "minilm": "mvsearch.indexer.encoders.text.minilm:MiniLM",
    "signal": "mvsearch.indexer.encoders.audio.signal:Signal",
    "signal-yamnet": "mvsearch.indexer.encoders.audio.named_signal:NamedSignal",
    "signal-musicnn": "mvsearch.indexer.encoders.audio.named_signal:TaggedSignal",
    "sscd": "mvsearch.indexer.encoders.image.sscd:SSCD",
    "resnet50": "mvsearch.indexer.encoders.image.resnet:ResNet50",
    "bert": "mvsearch.indexer.encoders.text.bert:Bert",
    "multilingual": "mvsearch.indexer.encoders.text.multilingual:Multilingual",
    "use-multilingual": "mvsearch.indexer.encoders.text.use:UseMultilingual",
    "e5": "mvsearch.indexer.encoders.text.e5:E5",
    "clip": "mvsearch.indexer.encoders.image.clip:Clip",
    "siglip2": "mvsearch.indexer.encoders.image.siglip:SigLIP2",
    "clap": "mvsearch.indexer.encoders.audio.clap:Clap",
    "toy-frames": "mvsearch.indexer.encoders.toy:ToyFrames",
    "toy-lyrics": "mvsearch.indexer.encoders.toy:ToyLyrics",
    "toy-audio": "mvsearch.indexer.encoders.toy:ToyAudio",
}

# Networks that classify frames or sound; some of them are encoders too.
CLASSIFIERS: dict[str, str] = {
    "efficientnet-lite0": "mvsearch.indexer.encoders.image.efficientnet:EfficientNetLite0",
    "ast": "mvsearch.indexer.encoders.audio.classifiers.audioset:AudioSetClassifier",
    "yamnet": "mvsearch.indexer.encoders.audio.classifiers.yamnet:Yamnet",
    "musicnn": "mvsearch.indexer.encoders.audio.classifiers.musicnn:Musicnn",
    "mood": "mvsearch.indexer.mood.quadrants:MoodQuadrants",
    "toy-frames": "mvsearch.indexer.encoders.toy:ToyFrames",
    "toy-audio": "mvsearch.indexer.encoders.toy:ToyAudio",
}


def load_encoder(name: str) -> Encoder:
    """Import and create an encoder by its name: a built-in one, else one of a plug-in.

    Raises:
        MvsearchError: there is no encoder of this name.
        PluginError: the plug-in cannot be imported, or its encoder is not valid.
        WeightsMissingError: its weights are missing.
    """
    logger.info("loading the encoder %s", name)
    if name in ENCODERS:
        encoder: Encoder = import_class(ENCODERS[name])()
        return encoder
    plugin = None if name in CLASSIFIERS else plugins.find_plugin(plugins.ENCODERS, name)
    if plugin is None:
        there = ", ".join(list_names(ENCODERS))
        raise MvsearchError(f"no encoder is called {name!r}; there are {there}")
    return make_plugin_encoder(plugin)


def list_names(table: Collection[str]) -> list[str]:
    """List the names in a table except those for tests, then the encoders of plug-ins."""
    own = [name for name in table if not name.startswith("toy-")]
    return own + [plugin.name for plugin in plugins.list_plugins(plugins.ENCODERS, table)]


def load_classifier(name: str) -> Classifier:
    """Import and create a classifier by its name.

    Raises:
        MvsearchError: there is no classifier of this name.
        WeightsMissingError: its weights are missing.
    """
    if name not in CLASSIFIERS:
        raise MvsearchError(f"no classifier is called {name!r}; there are {', '.join(CLASSIFIERS)}")
    classifier: Classifier = import_class(CLASSIFIERS[name])()
    return classifier


def find_points(encoder: str, view: str = "") -> OperatingPoints | None:
    """Return the operating points of an encoder by its name; None if it is not calibrated.

    Args:
        encoder: name.
        view: of the space; that of copies may have its own.
    """
    kind = _find_class(encoder)
    found = getattr(kind, "points", None)
    if view == COPIES:
        found = getattr(kind, "copy_points", found)
    return found if isinstance(found, OperatingPoints) else None


def find_languages(encoder: str) -> frozenset[str]:
    """Return the ISO 639-1 codes of the languages that a text encoder states; empty if none."""
    found = getattr(_find_class(encoder), "languages", None)
    return found if isinstance(found, frozenset) else frozenset()


def _find_class(encoder: str) -> Any:
    """The class of an encoder by its name; None if there is none."""
    place = ENCODERS.get(encoder)
    return find_plugin_class(encoder) if place is None else import_class(place)


def import_class(place: str) -> Any:
    """Import the class that an entry of the tables names as `module:class`."""
    module, _, attribute = place.partition(":")
    return getattr(import_module(module), attribute)
