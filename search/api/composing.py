"""Generates music for a picture."""

from typing import TYPE_CHECKING

from mvsearch.search.api.watching import AnyProgress, to_progress
from mvsearch.search.composing.composition import Composition, shorten_name
from mvsearch.search.query.make_query import Asked, make_picture_query
from mvsearch.search.query.query import Query, QueryPart
from mvsearch.store.errors import MediaError, QueryError, TrainingError
from mvsearch.store.records import Matrix, Mood

if TYPE_CHECKING:
    from mvsearch.indexer.composing.prompts import Caption
    from mvsearch.search.api.library import VideoLibrary

# Of the songs that fit a picture, so many give their genres to its caption.
N_SONGS = 5


def compose(
    image: "Query | Asked",
    *,
    seconds: float = 10.0,
    caption: str | None = None,
    seed: int = 0,
    projection: str | None = None,
    library: "VideoLibrary | None" = None,
    progress: AnyProgress = None,
) -> Composition:
    """Generate music for a picture: an emotional caption of it, then MusicGen.

    What the picture shows is told by BLIP, or by the classes of the default encoder where BLIP's
    weights are missing; its mood is predicted. The same arguments give the same samples on one
    machine with the same number of threads.

    Args:
        image: a path, bytes, a Pillow image, or (height, width, 3) uint8 RGB; or a query of one.
        seconds: of music, 1 to 30; exactly so many.
        caption: words to use instead.
        seed: of the draws.
        projection: name of a run of `train_compose`: no words are used, but the picture itself, as
            a point of the joint space that the run was trained on.
        library: its songs that fit the picture add their genres to the caption; its runs come
            first.
        progress: a function that takes a line, such as `print`, or a `Progress` object.

    Raises:
        QueryError: the picture cannot be read, or an argument is out of range.
        TrainingError: there is no such projection, or it was trained with other networks.
        WeightsMissingError: the weights of MusicGen are missing; the message says where they go.
    """
    from mvsearch.indexer.composing.musicgen import ComposeOptions, MusicGen
    from mvsearch.indexer.composing.prompts import give_caption
    from mvsearch.indexer.media.loudness import normalise_loudness
    from mvsearch.indexer.progress import count_steps

    options = ComposeOptions(seconds, seed)
    if caption is not None and projection is not None:
        raise QueryError("a projection takes the place of words: leave one of the two out")
    given = None if caption is None else give_caption(caption)
    query = make_picture_query(image)
    (part,) = query.parts
    _check_picture(part)
    generator = MusicGen()
    model = f"{generator.weights.repository} ({generator.revision})"
    words, vectors = given, None
    if projection is not None:
        vectors = _project(part, projection, library, model)
        model += f" by the projection {projection}"
    elif words is None:
        words = _find_caption(part, library)
    with to_progress(progress) as shown:
        count = count_steps(shown, "composing")
        if vectors is not None:
            made = generator.compose_from(vectors, options, count)
        elif words is not None:
            made = generator.compose(words.text, options, count)
    samples, loudness = normalise_loudness(made, generator.sample_rate)
    picture = "" if part.media is not None else shorten_name(part.value)
    return Composition(samples, generator.sample_rate, loudness, words, model, seed, picture)


def _check_picture(part: QueryPart) -> None:
    """Read a picture, small, before the minutes that the rest takes.

    Raises:
        QueryError: it cannot be read.
    """
    from mvsearch.indexer.media.pictures import read_image
    from mvsearch.search.query.query import check_file

    if part.media is None:
        check_file(part.path, part.value)
    try:
        with part.opened() as file:
            read_image(file, (8, 8))
    except MediaError as error:
        raise QueryError(f"cannot read {part.name}: {error}") from error


def _project(part: QueryPart, name: str, library: "VideoLibrary | None", generator: str) -> Matrix:
    """What takes the place of words: the picture in the joint space, and from there (t, width)."""
    from mvsearch.indexer.encoders import Encoders
    from mvsearch.indexer.media.pictures import read_image
    from mvsearch.indexer.mood.measure import find_mood_space
    from mvsearch.indexer.mood.media import project_frames
    from mvsearch.search.api.library import find_source
    from mvsearch.search.api.train_compose import load_projection

    source = None if library is None else find_source(library)
    projection, settings = load_projection(name, source, generator)
    encoder = Encoders(str(settings["profile"])).frames
    found = find_mood_space(encoder.spaces, "frames")
    if found is None or found[1].revision != settings["head"]:
        raise TrainingError(f"{name} was trained with another head of mood: train it again")
    with part.opened() as file:
        frame = read_image(file, encoder.frame_size)
    return projection.project(project_frames(encoder, found[1], frame[None])[0])


def _find_caption(part: QueryPart, library: "VideoLibrary | None") -> "Caption":
    from mvsearch.search.composing.captioning import choose_genres, find_caption

    genres: tuple[str, ...] = ()
    if library is not None:
        songs = library.music_for(Query((part,)), top=N_SONGS).results
        genres = choose_genres(library.show(song.video).tags for song in songs)
    with part.opened() as file:
        return find_caption(file, _predict_mood(part), genres)


def _predict_mood(part: QueryPart) -> Mood | None:
    """The mood of a picture; None for one colour, which has none."""
    from mvsearch.search.api.methods.moods import predict_mood

    try:
        return predict_mood(Query((part,))).picture
    except QueryError:
        return None
