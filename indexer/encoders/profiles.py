"""Profiles: the encoder of each modality, and how videos are sampled."""

from dataclasses import dataclass

from mvsearch.indexer import plugins
from mvsearch.store.errors import MvsearchError, PluginError


@dataclass(frozen=True, slots=True)
class Profile:
    """Which encoder serves each modality, and what of a video it is given.

    Attributes:
        frames, lyrics, audio: names in the table of encoders; None where sound is not used.
        whisper_model: which Whisper model writes down what is sung.
        frames_a_video: so many frames, drawn at random from those of a file; None takes all.
        is_lyrics_whole: a song's lyrics are one text with one vector, not one a line.
        is_lyrics_heard: where Whisper's weights are there, it is asked before any other source.
        fusion: how a search fuses modalities unless it is told; None for what serves best.
    """

    frames: str
    lyrics: str
    audio: str | None
    whisper_model: str
    frames_a_video: int | None = None
    is_lyrics_whole: bool = False
    is_lyrics_heard: bool = False
    fusion: str | None = None


PROFILES: dict[str, Profile] = {
    "embedded": Profile("efficientnet-lite0", "minilm", "signal", whisper_model="base"),
    # The published retrieval; 0.6 and 0.4 are the weights of every library without sound.
    "paper": Profile(
        "resnet50",
        "bert",
        None,
        whisper_model="base.en",
        frames_a_video=10,
        is_lyrics_whole=True,
        is_lyrics_heard=True,
        fusion="weighted",
    ),
    "semantic": Profile("siglip2", "multilingual", "clap", whisper_model="turbo"),
    "toy": Profile("toy-frames", "toy-lyrics", "toy-audio", whisper_model="tiny"),
}

# Exact and without weights, for tests: it works, and is shown to nobody.
TOY = "toy"


def find_profile(name: str) -> Profile:
    """The profile of a name: a built-in one, else one that a plug-in brings.

    Raises:
        MvsearchError: there is none.
        PluginError: the plug-in does not bring a profile.
    """
    if name in PROFILES:
        return PROFILES[name]
    plugin = plugins.find_plugin(plugins.PROFILES, name)
    if plugin is None:
        there = ", ".join(list_profile_names())
        raise MvsearchError(
            f"no profile is called {name!r}, of mvsearch or of a plug-in that is installed; there"
            f" are {there}"
        )
    profile = plugin.load()
    if not isinstance(profile, Profile):
        raise plugin.refuse(f"{plugin.entry.value} is no Profile")
    names = (profile.frames, profile.lyrics, profile.audio or "", profile.whisper_model)
    if not all(isinstance(name, str) for name in names):
        raise plugin.refuse("a name in its profile is no text")
    return profile


def list_profile_names() -> list[str]:
    """The names that may be asked for: built-in profiles, then those of plug-ins."""
    own = [name for name in PROFILES if name != TOY]
    return own + [plugin.name for plugin in plugins.list_plugins(plugins.PROFILES, PROFILES)]


def list_profiles() -> dict[str, Profile]:
    """Every profile that can be used, by name; a plug-in that fails is left out."""
    found = {}
    for name in list_profile_names():
        try:
            found[name] = find_profile(name)
        except PluginError:
            continue
    return found
