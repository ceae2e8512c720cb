"""Profiles: the encoder of each modality, and how videos are sampled."""

from dataclasses import dataclass

from mvsearch.indexer import plugins
from mvsearch.store.errors import MvsearchError, PluginError


@dataclass(frozen=True, slots=True)
class Profile:
    """The encoder of each modality, and how its input is sampled.

    Attributes:
        frames, lyrics, audio: names of encoders; `audio` is None if sound is not encoded.
        whisper_model: name of the Whisper model that transcribes lyrics.
        frames_a_video: number of frames drawn at random from those of a file; None takes all.
        is_lyrics_whole: the lyrics of a video are encoded as one text, not line by line.
        prefers_transcription: whether Whisper, if its weights are present, comes before all other
            sources of lyrics.
        fusion: the default fusion method of a search; None for that of the program.
        more_lyrics: names of encoders that encode each lyric line as well, in spaces of their own;
            a library that lacks such a space gets it at the next run.
        copies: name of an encoder that encodes frames as well, to find the same shot instead of
            similar content; None for what `frames` has for it.
    """

    frames: str
    lyrics: str
    audio: str | None
    whisper_model: str
    frames_a_video: int | None = None
    is_lyrics_whole: bool = False
    prefers_transcription: bool = False
    fusion: str | None = None
    more_lyrics: tuple[str, ...] = ()
    copies: str | None = None

    @property
    def encoders(self) -> tuple[str, ...]:
        """The names of all encoders."""
        own = (self.frames, self.copies, self.lyrics, self.audio, *self.more_lyrics)
        return tuple(name for name in own if name is not None)


_MULTILINGUAL = ("use-multilingual",)

PROFILES: dict[str, Profile] = {
    "embedded": Profile(
        "efficientnet-lite0", "minilm", "signal", whisper_model="base", more_lyrics=_MULTILINGUAL
    ),
    # What is heard has names as well; YAMNet's package is installed by the user.
    "sound": Profile(
        "efficientnet-lite0",
        "minilm",
        "signal-yamnet",
        whisper_model="base",
        more_lyrics=_MULTILINGUAL,
    ),
    # Genres, instruments, voices and moods; musicnn's package is installed by the user.
    "music": Profile(
        "efficientnet-lite0",
        "minilm",
        "signal-musicnn",
        whisper_model="base",
        more_lyrics=_MULTILINGUAL,
    ),
    # The same shot is found by a network trained for it; its package is installed by the user.
    "copies": Profile(
        "efficientnet-lite0",
        "minilm",
        "signal",
        whisper_model="base",
        more_lyrics=_MULTILINGUAL,
        copies="sscd",
    ),
    # Lyrics in 94 languages, not in sixteen; the package of E5 is installed by the user.
    "languages": Profile(
        "efficientnet-lite0",
        "minilm",
        "signal",
        whisper_model="base",
        # The last one tells which lines are weak.
        more_lyrics=("e5", *_MULTILINGUAL),
    ),
    # The published system. Its weights 0.6 and 0.4 are the default of all libraries without sound.
    "paper": Profile(
        "resnet50",
        "bert",
        None,
        whisper_model="base.en",
        frames_a_video=10,
        is_lyrics_whole=True,
        prefers_transcription=True,
        fusion="weighted",
    ),
    "semantic": Profile("siglip2", "multilingual", "clap", whisper_model="turbo"),
    "toy": Profile("toy-frames", "toy-lyrics", "toy-audio", whisper_model="tiny"),
}

# Exact and without weights, for tests. It can be used but is not listed.
TOY = "toy"


def find_profile(name: str) -> Profile:
    """Return a profile by its name: a built-in one, else one of a plug-in.

    Raises:
        MvsearchError: there is no profile of this name.
        PluginError: the plug-in cannot be imported, or is not a valid `Profile`.
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
        raise plugin.refuse(f"{plugin.entry.value} is not a Profile")
    names = [profile.frames, profile.lyrics, profile.audio or "", profile.whisper_model]
    names += [*profile.more_lyrics, profile.copies or ""]
    if not all(isinstance(name, str) for name in names):
        raise plugin.refuse("a name in its profile is not a string")
    return profile


def list_profile_names() -> list[str]:
    """List the names of the built-in profiles, then those of plug-ins."""
    own = [name for name in PROFILES if name != TOY]
    return own + [plugin.name for plugin in plugins.list_plugins(plugins.PROFILES, PROFILES)]


def list_profiles() -> dict[str, Profile]:
    """Return all usable profiles by name; plug-ins that fail are left out."""
    found = {}
    for name in list_profile_names():
        try:
            found[name] = find_profile(name)
        except PluginError:
            continue
    return found
