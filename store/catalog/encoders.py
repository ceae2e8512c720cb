"""Stores what an encoder beside that in use makes, and exchanges both in one transaction."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, delete, func, insert, literal, select, update
from sqlalchemy.orm import Session, aliased

from mvsearch.store.catalog import changes
from mvsearch.store.catalog.reading.spaces import BEFORE, CHOSEN
from mvsearch.store.catalog.spaces import SpaceWriter
from mvsearch.store.database.postgresql.repeating import repeated
from mvsearch.store.database.rows.videos import space_to_row, stage_to_row, tags_to_rows
from mvsearch.store.database.tables import (
    EmbeddingRow,
    SettingRow,
    SpaceRow,
    StageRow,
    TagRow,
    UnusedTagRow,
    VideoRow,
)
from mvsearch.store.errors import EncoderMismatchError
from mvsearch.store.records import Embeddings, Modality, Space, Stage, Tag

_SETTLED = ("done", "absent")
_TAG_COLUMNS = ("video_id", "position", "name", "start_seconds", "end_seconds", "probability")


@dataclass(frozen=True, slots=True)
class BesideResult:
    """What an encoder that is not in use made of a stage of a video."""

    stage: Stage
    embeddings: tuple[Embeddings, ...] = ()
    tags: tuple[Tag, ...] = ()
    uniform_seconds: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Exchange:
    """A stage whose encoder is exchanged: the keys of the first spaces of both."""

    stage: Modality
    used: str
    other: str


class EncoderWriter(SpaceWriter):
    """Writes what encoders beside those in use make; each change is one transaction."""

    @repeated
    def add_unused_spaces(self, spaces: Sequence[Space]) -> None:
        """Add empty spaces, which searches do not use; known ones are left as they are."""
        with self._database.writing() as session:
            known = set(session.scalars(select(SpaceRow.key)))
            last = session.scalar(select(func.max(SpaceRow.position))) or 0
            fresh = [space for space in spaces if space.key not in known]
            for position, space in enumerate(fresh, start=last + 1):
                row = space_to_row(space, position, time.time_ns())
                row.is_used = False
                session.add(row)

    @repeated
    def store_beside(self, results: Sequence[BesideResult]) -> None:
        """Store results of an encoder that is not in use; videos that are gone are skipped.

        Raises:
            EncoderMismatchError: the library lacks one of the spaces.
        """
        made = [each for result in results for each in result.embeddings]
        with self._database.writing() as session:
            changes.check_spaces_exist(session, made)
            keys = {each.space.key for each in made}
            generations = changes.advance_generations(session, keys)
            for result in results:
                stage = result.stage
                if session.get(VideoRow, stage.video_id) is None:
                    continue
                _delete_beside(session, stage, keys)
                session.merge(stage_to_row(stage, result.uniform_seconds))
                self.index.remove(session, [stage.video_id], generations)
                pairs = [(stage.video_id, each) for each in result.embeddings]
                changes.add_embeddings(session, pairs, generations, self.index)
                for tag in tags_to_rows(stage.video_id, result.tags):
                    values = {name: getattr(tag, name) for name in (*_TAG_COLUMNS, "modality")}
                    session.add(UnusedTagRow(encoder=stage.encoder, **values))

    def find_unencoded(self, exchange: Exchange) -> list[str]:
        """The ids of the videos whose stage is finished by the encoder in use alone, in order."""
        with self._database.reading() as session:
            return _find_unencoded(session, exchange)

    @repeated
    def switch_encoder(
        self, modality: Modality, name: str, spaces: Sequence[Space], exchanges: Sequence[Exchange]
    ) -> list[str]:
        """Use another encoder of a modality from the next search on.

        Args:
            modality: of the encoder.
            name: of it.
            spaces: all that are used from then on, in order.
            exchanges: the stages whose results are exchanged, with their tags.

        Returns:
            The ids of the videos that it has not encoded; then nothing is changed.
        """
        with self._database.writing() as session:
            lacking = sorted({i for one in exchanges for i in _find_unencoded(session, one)})
            if lacking:
                return lacking
            used = {one.stage: one.used for one in exchanges}
            before = session.get_one(SpaceRow, used[modality]).encoder
            session.execute(update(SpaceRow).values(is_used=False))
            self._place(session, spaces)
            self._note_before(session, modality, name, before)
            session.merge(SettingRow(name=CHOSEN + modality, value=name))
            for exchange in exchanges:
                _exchange_tags(session, exchange)
        return []

    @repeated
    def drop_encoder(self, name: str, spaces: Sequence[Space]) -> None:
        """Delete the spaces of an encoder that is not in use, with all that it made.

        Raises:
            EncoderMismatchError: one of them is in use.
        """
        keys = [space.key for space in spaces]
        with self._database.writing() as session:
            is_it = SpaceRow.key.in_(keys)
            if session.scalar(select(SpaceRow.key).where(is_it, SpaceRow.is_used).limit(1)):
                raise EncoderMismatchError(f"{name} is in use: switch to another encoder first")
            for model in (StageRow, UnusedTagRow):
                session.execute(delete(model).where(model.encoder.in_(keys)))
            changes.drop_spaces(session, is_it, self.index)
            noted = SettingRow.name.startswith(BEFORE, autoescape=True) & (SettingRow.value == name)
            session.execute(delete(SettingRow).where(noted))


def _delete_beside(session: Session, stage: Stage, keys: set[str]) -> None:
    """Delete what an encoder that is not in use made of a video before."""
    of_video = EmbeddingRow.video_id == stage.video_id
    is_old = and_(of_video, EmbeddingRow.space_key.in_(keys))
    session.execute(delete(EmbeddingRow).where(is_old))
    is_tag = and_(UnusedTagRow.video_id == stage.video_id, UnusedTagRow.encoder == stage.encoder)
    session.execute(delete(UnusedTagRow).where(is_tag))


def _find_unencoded(session: Session, exchange: Exchange) -> list[str]:
    """The videos with a finished stage of the one encoder, and none of the other."""
    other = aliased(StageRow)
    query = (
        select(StageRow.video_id)
        .outerjoin(other, _is_done_by(other, exchange))
        .where(StageRow.stage == exchange.stage, StageRow.encoder == exchange.used)
        .where(StageRow.status.in_(_SETTLED), other.video_id.is_(None))
    )
    return list(session.scalars(query.order_by(StageRow.video_id)))


def _is_done_by(other: type[StageRow], exchange: Exchange) -> ColumnElement[bool]:
    return and_(
        other.video_id == StageRow.video_id,
        other.stage == exchange.stage,
        other.encoder == exchange.other,
        other.status.in_(_SETTLED),
    )


def _exchange_tags(session: Session, exchange: Exchange) -> None:
    """Put the tags of a modality aside, and those of the other encoder in their place."""
    stage, names = exchange.stage, [*_TAG_COLUMNS, "modality"]
    shown = [getattr(TagRow, name) for name in names]
    hidden = [getattr(UnusedTagRow, name) for name in names]
    is_shown, is_hidden = TagRow.modality == stage, UnusedTagRow.encoder == exchange.other
    aside = select(literal(exchange.used), *shown).where(is_shown)
    session.execute(insert(UnusedTagRow).from_select(["encoder", *names], aside))
    session.execute(delete(TagRow).where(is_shown))
    session.execute(insert(TagRow).from_select(names, select(*hidden).where(is_hidden)))
    session.execute(delete(UnusedTagRow).where(is_hidden))
