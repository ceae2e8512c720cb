"""The options that say what is searched for, as parts of a query, and how they lie in time."""

from dataclasses import dataclass
from typing import Annotated

import typer

from mvsearch.search.commands.options.completion import complete_video
from mvsearch.search.commands.options.expanding import expand
from mvsearch.search.commands.options.order import list_given
from mvsearch.store.errors import MvsearchError

Texts = list[str] | None


@dataclass(frozen=True, slots=True)
class AskedParts:
    """What the options ask for.

    Attributes:
        query: in the language of queries; None if parts are options of their own.
        given: the names and values of the parts, and of what joins them, in their order.
        contrast: the values of a contrast by its roles.
    """

    query: str | None
    given: tuple[tuple[str, str], ...]
    contrast: dict[str, str]


def _words(metavar: str, help: str) -> typer.models.OptionInfo:
    option: typer.models.OptionInfo = typer.Option(metavar=metavar, help=help)
    return option


def _video(help: str, metavar: str = "X") -> typer.models.OptionInfo:
    option: typer.models.OptionInfo = typer.Option(
        metavar=metavar, help=help, autocompletion=complete_video
    )
    return option


def make_asked(
    context: typer.Context,
    query: Annotated[
        str | None,
        _words("Q", "All parts in one: 'image(beach.jpg) while lyric(salt) then text(night)'."),
    ] = None,
    text: Annotated[
        Texts, _words("T", "Words that describe pictures, lyrics, sound, or are shown.")
    ] = None,
    lyric: Annotated[Texts, _words("T", "A lyric line.")] = None,
    ocr: Annotated[Texts, _words("T", "Words that the picture shows.")] = None,
    image: Annotated[Texts, _words("FILE", "A picture.")] = None,
    clip: Annotated[Texts, _words("FILE[@START-END]", "A video clip: picture and sound.")] = None,
    audio: Annotated[Texts, _words("FILE[@START-END]", "An audio clip.")] = None,
    like: Annotated[
        Texts, _video("A video of the library, or part of it.", "VIDEO[@START-END]")
    ] = None,
    look_of: Annotated[Texts, _video("The look alone of a video or file.")] = None,
    sound_of: Annotated[Texts, _video("The sound alone of a video or file.")] = None,
    lyrics_of: Annotated[Texts, _video("The lyrics alone of a video.", "VIDEO")] = None,
    not_text: Annotated[
        Texts, _words("T", "Push down videos that these words describe, or that hold them.")
    ] = None,
    unlike: Annotated[Texts, _video("Push down what is like a video or file.")] = None,
    while_: Annotated[
        Texts,
        typer.Option(
            "--while", metavar="[T]", help="At the same moment: these words, or the next parts."
        ),
    ] = None,
    then: Annotated[
        Texts, _words("[T]", "After the parts before it: these words, or the next parts.")
    ] = None,
    within: Annotated[
        Texts, _words("TIME", "Of the last --then: at most this long after it, such as 12 or 1:30.")
    ] = None,
    looks_like: Annotated[
        str | None,
        _video("What looks like X, a video of the library or a file; with --sounds-unlike."),
    ] = None,
    sounds_unlike: Annotated[str | None, _video("… and does not sound like X.")] = None,
    sounds_like: Annotated[
        str | None,
        _video("What sounds like X, a video of the library or a file; with --looks-unlike."),
    ] = None,
    looks_unlike: Annotated[str | None, _video("… and does not look like X.")] = None,
) -> AskedParts:
    """Gather the parts, in the order of the command line.

    Raises:
        MvsearchError: `--query` has parts beside it.
    """
    contrast = {
        "looks_like": looks_like, "sounds_unlike": sounds_unlike, "sounds_like": sounds_like,
        "looks_unlike": looks_unlike,
    }  # fmt: skip
    sides = {role: value for role, value in contrast.items() if value is not None}
    lists = {
        "text": text, "lyric": lyric, "ocr": ocr, "image": image, "clip": clip, "audio": audio,
        "like": like, "look_of": look_of, "sound_of": sound_of, "lyrics_of": lyrics_of,
        "not_text": not_text, "unlike": unlike, "while_": while_, "then": then, "within": within,
    }  # fmt: skip
    names = tuple(lists)
    ordered = tuple(one for one in list_given(context) if one[0] in names)
    if query is not None and (ordered or sides):
        raise MvsearchError("--query has all parts in it: leave out the other options of parts")
    if not any(name in JOINTS for name, _ in ordered):
        # The order of kinds, as the parts of a plain query have no order of their own.
        ordered = tuple((name, one) for name, some in lists.items() for one in some or ())
    return AskedParts(query, ordered, sides)


JOINTS = ("while_", "then", "within")
# Decorates a command with a parameter `asked`.
with_parts = expand("asked", make_asked)
