"""Packs in the workspace, for those who write them: their files with unsaved text, and what `validate` says of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from polcheck.authoring.lint import lint
from polcheck.authoring.testing.cases import read_cases, read_equivalents
from polcheck.base.errors import PolcheckError, PolicyError, Problem
from polcheck.base.reader import is_file
from polcheck.base.spans import Source
from polcheck.packs.resolve import Resolver, Taken
from polcheck.packs.shipped import read_pack, schemas
from polcheck.packs.sources import Folder
from polcheck.packs.sources import Source as PackSource
from polcheck.policy.extension import extensions, used_packs
from polcheck.policy.origin import Problems, SourceMap, read
from polcheck.policy.pack import OpenedPack, open_packs
from polcheck.policy.pack_files import PackFiles
from polcheck.policy.params import AS_WRITTEN
from polcheck.project.config import read_config_in
from polcheck.project.packs import PackRequest, ProjectPacks
from polcheck.servers.lsp.code_units import Lines
from polcheck.servers.lsp.diagnostics import Diagnostics, of_problem
from polcheck.servers.lsp.roots import Roots

HEAD = "pack.yaml"
_YAML = (".yaml", ".yml")


def pack_folder(path: Path, roots: Roots) -> Path | None:
    """Return the folder of the pack that a file belongs to: the nearest one with a pack.yaml above it, in the roots."""
    return next((folder for folder in roots.upward(path.parent) if is_file(folder / HEAD)), None)


def kind_of(path: Path, folder: Path) -> str:
    """Return the schema of a file of the pack in `folder`: `pack`, `policy`, `case`, `equivalent`, or nothing."""
    relative = path.relative_to(folder).as_posix()
    if relative == HEAD:
        return "pack"
    if not relative.endswith(_YAML):
        return ""
    if relative.startswith("policies/"):
        return "policy"
    if relative == "tests/equivalent.yaml":
        return "equivalent"
    return "case" if relative.startswith("tests/") and relative.count("/") == 1 else ""


class AuthoredPack(Struct, frozen=True, dict=True):
    """The pack in a folder of the workspace."""

    folder: Path
    files: PackFiles
    faults: tuple[Problem, ...] = ()  # why a pack that it extends can't be had
    encoding: str = "utf-16"

    @classmethod
    def read(cls, folder: Path, roots: Roots, encoding: str) -> AuthoredPack:
        """Return the pack as it is now. Raises PolcheckError where its files can't be read.

        NOTE: what is open and unsaved counts where an overlay of these documents is in force.
        """
        pack = replace(read_pack(folder), root="")  # problems name the pack's files as seen from its own folder
        try:
            return cls(folder, _with_bases(pack, folder, roots), encoding=encoding)
        except PolcheckError as error:
            return cls(folder, pack, problems_of(error, HEAD), encoding)

    def diagnostics(self) -> Diagnostics:
        """Return the problems of the pack, its cases included, at their files; every file of the pack has an entry."""
        result: Diagnostics = {self.folder / path: [] for path in self.files.files if path.endswith(_YAML)}
        for problem in (*self.faults, *lint([self.files], schemas()).problems, *self._of_cases()):
            own = problem if problem.path in self.files.files else _elsewhere(problem)
            result.setdefault(self.folder / own.path, []).append(of_problem(own, self.lines(own.path)))
        return result

    def lines(self, name: str) -> Lines | None:
        """Return a file of the pack by lines, as the editor counts them; None for what is no text."""
        data = self.files.files.get(name)
        if data is None:
            return None
        try:
            return Lines(Source(name, data).text, self.encoding)
        except Exception:
            return None

    def opened(self) -> OpenedPack | None:
        """Return the pack as far as it compiles; None where there is none to speak of."""
        _, opened = open_packs([self.files], AS_WRITTEN, schemas(), Problems())
        return opened[0] if opened else None

    def origins(self, name: str) -> Iterator[SourceMap]:
        """Yield each readable document of a file of the pack."""
        if name in self.files.files:
            yield from read(self.files.source_of(name), Problems())

    def _of_cases(self) -> Iterator[Problem]:
        for check in (read_cases, read_equivalents):
            try:
                check(self.files, schemas().tests)
            except PolicyError as error:
                yield from error.problems


def _elsewhere(problem: Problem) -> Problem:
    """Return a problem of a pack that this one extends as one of its pack.yaml."""
    where = f"{problem.path}:{problem.line}: " if problem.path and problem.line else ""
    return replace(problem, message=where + problem.message, path=HEAD, line=0)


def problems_of(error: PolcheckError, path: str) -> tuple[Problem, ...]:
    """Return the problems that an error names; one of the file at `path` where it is a sentence only."""
    if isinstance(error, PolicyError):
        return error.problems
    message, _, help = str(error).partition("\nhelp: ")
    return (Problem(message, path, help=help),)


def _with_bases(pack: PackFiles, folder: Path, roots: Roots) -> PackFiles:
    """Return the pack with those that it extends, as the lock of the project around it has them; nothing is fetched."""
    if not extensions(pack) and not used_packs(pack):
        return pack
    around = next((place for place in roots.upward(folder) if read_config_in(str(place))), None)
    request = PackRequest(str(around) if around else None, own=False, fetch=False)
    opener = ProjectPacks.of(request)
    here = Folder(str(folder))

    def take(source: PackSource) -> Taken:
        return Taken(pack, "folder") if source == here else opener.fetcher.take(source)

    return Resolver(take, opener.fetcher.known).open(here)
