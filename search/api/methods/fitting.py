"""What goes together: music and pictures, and videos that are like one thing and unlike another."""

from dataclasses import replace
from typing import TYPE_CHECKING, Unpack

from mvsearch.search.api.arguments import (
    SearchArguments,
    check_contrast_arguments,
    make_search_options,
)
from mvsearch.search.api.session import Session
from mvsearch.search.query.make_query import (
    Contrasted,
    Many,
    make_contrast,
    make_picture_query,
    make_sound_query,
)
from mvsearch.search.query.query import Query
from mvsearch.search.results import Result, SearchResults
from mvsearch.store.catalog.filter import Filter

if TYPE_CHECKING:
    from mvsearch.search.picture_music import PictureMusic, WayName
    from mvsearch.search.query.encode import Made
    from mvsearch.search.query.weights import Weights
    from mvsearch.store.records import Side


class Fitting:
    """What goes together in an open library."""

    _session: Session

    def music_for(
        self,
        image: "Query | Many",
        *,
        way: "WayName | None" = None,
        filter: Filter = Filter(),
        memory: "Made | None" = None,
        **arguments: Unpack[SearchArguments],
    ) -> "PictureMusic":
        """Find the music that fits a picture.

        Songs with a moment that looks like it; where chance would find as much, songs that trained
        towers put near it, where the library uses some (`switch_encoder`); then songs of the same
        mood; then songs in which what it shows is seen, sung of or heard.

        Args:
            image: a picture: a path, bytes, a Pillow image, or (height, width, 3) uint8 RGB; or a
                query of one picture, or of a clip or video, whose pictures count.
            way: "look", "words", "trained" or "mood" to find it by that alone; None for all in
                turn.
            filter: selects the songs.
            memory: see `VideoLibrary.search`.
            **arguments: see `SearchArguments`.

        Raises:
            QueryError: it is not one picture, cannot be read, or the library knows no moods.
            MvsearchError: the library is empty, closed or does not exist.
        """
        query = make_picture_query(image)
        return self._fit(query, "picture", way, filter, memory, arguments)

    def pictures_for(
        self,
        audio: "Query | Many",
        *,
        way: "WayName | None" = None,
        filter: Filter = Filter(),
        memory: "Made | None" = None,
        **arguments: Unpack[SearchArguments],
    ) -> "PictureMusic":
        """Find the pictures that fit a piece of music, as videos with moments.

        The video that the sound is from; where there is none, videos whose pictures have its mood.

        Args:
            audio: a piece of sound: a path, bytes, `Samples`, or a `Clip` of these; or a query of
                one, or of a clip or video, whose sound counts.
            way: "sound", "trained" or "mood" to find them by that alone; None for all in turn.
            filter: selects the videos.
            memory: see `VideoLibrary.search`.
            **arguments: see `SearchArguments`.

        Raises:
            QueryError: it is not one sound, cannot be read, or the library knows no moods.
            MvsearchError: the library is empty, closed or does not exist.
        """
        query = make_sound_query(audio)
        return self._fit(query, "sound", way, filter, memory, arguments)

    def _fit(
        self,
        query: Query,
        side: "Side",
        way: "WayName | None",
        filter: Filter,
        memory: "Made | None",
        arguments: SearchArguments,
    ) -> "PictureMusic":
        """What fits one side of a query's part; the filter replaces its own, if it has any."""
        from mvsearch.indexer.audiovisual.used import find_towers
        from mvsearch.search.joint.fits import find_trained_fits
        from mvsearch.search.mood.fits import find_fits, read_mood
        from mvsearch.search.picture_music import TO_MUSIC, TO_PICTURES, Asked, fit_part
        from mvsearch.search.query.analyse import analyse_once

        (part,) = query.parts
        chosen, analyse = filter or query.filter, analyse_once()
        with self._session.using() as library:
            engine = self._session.engine(library).reading_by(analyse)
            options = make_search_options(engine.encoders, **arguments)

            def search(asked: Query, weights: "Weights | None") -> list[Result]:
                weighted = options if weights is None else replace(options, weights=weights)
                return engine.search(asked, weighted, made=memory)

            def fit() -> list[Result]:
                mood = read_mood(part, side, library, engine.encoders, analyse)
                return find_fits(library, mood, options, chosen)

            def pair() -> list[Result]:
                return find_trained_fits(
                    library, part, side, engine.encoders, analyse, options, chosen
                )

            has_towers = find_towers(library.files) is not None
            asked = Asked(part, engine.encoders, chosen, search, fit, pair if has_towers else None)
            return fit_part(asked, TO_MUSIC if side == "picture" else TO_PICTURES, way)

    def contrast(
        self,
        *,
        looks_like: Contrasted = None,
        sounds_like: Contrasted = None,
        looks_unlike: Contrasted = None,
        sounds_unlike: Contrasted = None,
        filter: Filter = Filter(),
        memory: "Made | None" = None,
        **arguments: Unpack[SearchArguments],
    ) -> SearchResults:
        """Find videos that look like one thing and do not sound like one, or the other way round.

        The score is the surprisal of the one similarity minus that of the other, each up to 6;
        `contributions` has both, the second with a weight of -1. A result is weak if the one is no
        better than chance, or the other is.

        Args:
            looks_like: a video of the library, or a `Clip` of one, see `find`; or a query of one
                picture, clip or sound, such as `make_query(image=path)`. It goes with
                `sounds_unlike`, which may be the same.
            sounds_like: likewise; it goes with `looks_unlike`.
            looks_unlike: likewise.
            sounds_unlike: likewise.
            filter: selects the videos.
            memory: see `VideoLibrary.search`.
            **arguments: see `SearchArguments`; weights and fusion are those of the contrast.

        Raises:
            QueryError: they do not go together, cannot be read, or the library cannot compare them.
            MvsearchError: the library is empty, closed or does not exist.
        """
        query = make_contrast(
            looks_like=looks_like, sounds_like=sounds_like, looks_unlike=looks_unlike,
            sounds_unlike=sounds_unlike, filter=filter,
        )  # fmt: skip
        check_contrast_arguments(arguments)
        with self._session.using() as library:
            engine = self._session.engine(library)
            options = make_search_options(engine.encoders, **arguments)
            return SearchResults(query, options, tuple(engine.search(query, options, made=memory)))
