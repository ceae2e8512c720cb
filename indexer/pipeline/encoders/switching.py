"""Lists the encoders of a library, switches from one to another and back, and drops them."""

import threading
from collections.abc import Iterator

from mvsearch.indexer.encoders import Encoders, load_encoder
from mvsearch.indexer.pipeline.encoders.beside import (
    WAIT_SECONDS,
    describe_beside,
    encode_beside,
    explain_lacking,
    find_used,
)
from mvsearch.indexer.pipeline.encoders.looks import (
    drop_look,
    find_base,
    list_looks,
    switch_look,
)
from mvsearch.indexer.pipeline.writer import wait_to_write
from mvsearch.indexer.progress import Progress
from mvsearch.indexer.training.songs.in_library import find_look_folder
from mvsearch.store.catalog.encoders import Exchange
from mvsearch.store.catalog.writing import Catalog
from mvsearch.store.errors import EncoderMismatchError, MvsearchError, TrainingError
from mvsearch.store.library import Library
from mvsearch.store.records import COPIES, LOOK, EncoderState, Modality, Space

_MODALITIES: tuple[Modality, ...] = ("frames", "lyrics", "audio")


def list_encoders(library: Library) -> list[EncoderState]:
    """The encoders in use, the trained ones, and those beside them; frames first.

    Raises:
        TrainingError: the library has no pictures.
    """
    catalog = library.catalog
    find_base(catalog)
    before = catalog.encoders_before()
    states = []
    for modality in _MODALITIES:
        used = find_used(catalog, modality)
        if used is None:
            continue
        looks = list_looks(library, used) if modality == "frames" else []
        is_used = not any(look.is_in_use for look in looks)
        own = _describe(catalog, used, is_in_use=is_used, n_lacking=0)
        others = [
            _describe(
                catalog,
                space,
                n_lacking=len(catalog.find_unencoded(Exchange(modality, used.key, space.key))),
                problem=_find_problem(space),
            )
            for space in list_beside(catalog)
            if space.modality == modality
        ]
        states += [
            one.mark_before() if one.name == before.get(modality) and not one.is_in_use else one
            for one in (own, *looks, *others)
        ]
    return states


def list_beside(catalog: Catalog) -> list[Space]:
    """The first space of each encoder that is not in use, trained ones left out."""
    used = set(catalog.spaces())
    return [
        space
        for space in catalog.all_spaces()
        if space not in used and not space.view and space.modality in _MODALITIES
    ]


def _describe(
    catalog: Catalog, space: Space, *, is_in_use: bool = False, n_lacking: int, problem: str = ""
) -> EncoderState:
    n_vectors = catalog.n_vectors(space.key)
    return EncoderState(
        space.encoder,
        space.key,
        space.dim,
        is_in_use,
        False,
        n_vectors,
        n_lacking,
        problem,
        space.modality,
    )


def _find_problem(space: Space) -> str:
    """Why an encoder beside the one in use cannot be used."""
    try:
        spaces = load_encoder(space.encoder).spaces
    except MvsearchError as error:
        return str(error)
    # Profiles add to the revision how they sample.
    if any(f"{space.revision}-".startswith(f"{one.revision}-") for one in spaces):
        return ""
    return f"{space.encoder} has other weights since; encoders add does it anew"


def switch_encoder(
    library: Library, encoders: Encoders, name: str, progress: Progress, stop: threading.Event
) -> None:
    """Encode what an encoder lacks, and then use it, in one step; the old one answers until then.

    Args:
        library: that is searched.
        encoders: that it is searched with.
        name: of a run on songs, of an encoder beside the one in use, or of one of the profile.
        progress: told of videos.
        stop: when set, no more is begun.

    Raises:
        TrainingError: there is no such run, it is not finished, or videos cannot be encoded.
        EncoderMismatchError: it was not added.
        CancelledError: `stop` was set.
        LibraryBusyError: another process writes.
    """
    catalog = library.catalog
    if name in {space.encoder for space in list_beside(catalog)}:
        _switch_beside(library, encoders, name, progress, stop)
        return
    used = [find_used(catalog, modality) for modality in _MODALITIES[1:]]
    if name in {space.encoder for space in used if space is not None}:
        return
    if name != find_base(catalog).encoder:
        _refuse_unknown(library, name)
    switch_look(library, encoders, name, progress, stop)


def _refuse_unknown(library: Library, name: str) -> None:
    """Explain that an encoder is to be added first, where there is one of this name."""
    try:
        if find_look_folder(library, name).exists():
            return
        load_encoder(name)
    except MvsearchError:
        return
    raise EncoderMismatchError(
        f"the library was not encoded by {name} yet: type mvsearch encoders add {name}"
    )


def _switch_beside(
    library: Library, encoders: Encoders, name: str, progress: Progress, stop: threading.Event
) -> None:
    catalog = library.catalog
    beside = describe_beside(library, encoders, name)
    with wait_to_write(library, WAIT_SECONDS, progress, is_exclusive=True):
        look = catalog.look()
        if beside.modality == "frames" and look is not None:
            base = find_base(catalog).encoder
            raise EncoderMismatchError(
                f"{look} is in use, which was trained on the vectors of {base}: type mvsearch"
                f" encoders switch {base} first"
            )
        encode_beside(catalog, beside, progress, stop)
        lacking = catalog.switch_encoder(beside.modality, name, beside.spaces, beside.exchanges)
    if lacking:
        raise TrainingError(explain_lacking(catalog, lacking, name))


def find_before(library: Library, modality: Modality | None) -> str:
    """The encoder that was in use before the last switch.

    Args:
        library: that is searched.
        modality: of the encoder; None for the only one that was switched.

    Raises:
        EncoderMismatchError: nothing was switched, or encoders of several kinds.
    """
    before = library.catalog.encoders_before()
    if modality is not None:
        before = {kind: name for kind, name in before.items() if kind == modality}
    if not before:
        raise EncoderMismatchError("no encoder was switched, so there is none to go back to")
    if len(before) > 1:
        kinds = ", ".join(sorted(before))
        raise EncoderMismatchError(f"encoders of {kinds} were switched: say which to go back to")
    return next(iter(before.values()))


def drop_encoder(library: Library, name: str) -> None:
    """Delete what an encoder that is not in use has made.

    Raises:
        TrainingError: the library was not encoded by it.
        EncoderMismatchError: it is in use.
        LibraryBusyError: another process writes.
    """
    spaces = list(_list_dropped(library.catalog, name))
    used = {space.encoder for space in library.catalog.spaces() if space.view not in (LOOK, COPIES)}
    if not spaces:
        if name in used:
            raise EncoderMismatchError(f"{name} is in use: switch to another encoder first")
        drop_look(library, name)
        return
    with library.writing(is_exclusive=True):
        library.catalog.drop_encoder(name, spaces)


def _list_dropped(catalog: Catalog, name: str) -> Iterator[Space]:
    """The spaces of an encoder that is not in use; trained ones are dropped by themselves."""
    used = set(catalog.spaces())
    for space in catalog.all_spaces():
        if space.encoder == name and space.view != LOOK and space not in used:
            yield space
