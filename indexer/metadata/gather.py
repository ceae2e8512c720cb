"""Gathers the metadata of a video: of each field, the first source that says anything counts."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from mvsearch.indexer.media.files.naming import name_media
from mvsearch.indexer.metadata.beside import (
    ListFolder,
    SideCars,
    find_side_cars,
    list_folder,
    mark_side_cars,
)
from mvsearch.indexer.metadata.container_tags import read_tags
from mvsearch.indexer.metadata.info_json import read_description, read_info_json
from mvsearch.indexer.metadata.nfo import read_nfo
from mvsearch.indexer.metadata.values import Said
from mvsearch.store.records import METADATA_SOURCES, Metadata, MetadataField, MetadataSource
from mvsearch.store.records.metadata import order_fields
from mvsearch.store.unicode import replace_surrogates


def gather_metadata(
    places: Sequence[Path],
    tags: Mapping[str, str],
    *,
    has_picture: bool = True,
    list_files: ListFolder = list_folder,
) -> Metadata:
    """Gather what is said of a video, in the order of `METADATA_SOURCES`.

    Args:
        places: every file that holds the video: what lies beside any of them counts, the first by
            path before the others. The name is that of the first one given.
        tags: of the file, by lower-case key.
        has_picture: whether it has moving pictures.
        list_files: asked for the folders of the files.
    """
    # Before the files are read: a change meanwhile shows in the next mark.
    mark = mark_side_cars(places, list_files)
    beside = [
        find_side_cars(place, list_files, has_picture=has_picture)
        for place in sorted(places, key=os.fsencode)
    ]
    artist, title = name_media(places[0])
    said: dict[MetadataSource, Said] = {
        "nfo": _read_first_nfo(beside),
        "info.json": _read_first_info(beside),
        "tags": read_tags(tags),
        "name": {"title": (title,), "artist": (artist,) if artist else ()},
    }
    fields: dict[str, MetadataField] = {}
    for source in METADATA_SOURCES:
        for name, values in said[source].items():
            if values and name not in fields:
                fields[name] = MetadataField(name, values, source)
    pictures = (one.artwork for one in beside if one.artwork is not None)
    # A name that is no UTF-8 cannot be stored, and so not be found again.
    artwork = next((name for name in pictures if replace_surrogates(name) == name), None)
    return Metadata(order_fields(fields.values()), mark, artwork)


def _read_first_nfo(beside: Sequence[SideCars]) -> Said:
    """What the first `.nfo` file says that says anything."""
    files = (one.nfo for one in beside)
    return next(filter(None, (read_nfo(file) for file in files if file is not None)), {})


def _read_first_info(beside: Sequence[SideCars]) -> Said:
    """What the first `.info.json` says that says anything; a `.description` where it has none."""
    files = (one.info_json for one in beside)
    said = next(filter(None, (read_info_json(file) for file in files if file is not None)), Said())
    texts = (one.description for one in beside)
    found = (read_description(file) for file in texts if file is not None)
    return {**next(filter(None, found), Said()), **said}
