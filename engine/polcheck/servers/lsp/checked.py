"""Projects in the workspace: a session each, and its reports as diagnostics."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from polcheck.base.errors import ConfigError, PolcheckError, Problem, SubmissionError
from polcheck.base.reader import is_file
from polcheck.base.spans import Source, Unreadable
from polcheck.project.config import CONFIG_NAMES, read_config_in
from polcheck.project.effective import CommandLineOptions, EffectiveConfig
from polcheck.project.project import Project
from polcheck.project.session import Cancelled, Session
from polcheck.servers.lsp.authored import problems_of
from polcheck.servers.lsp.code_units import Lines
from polcheck.servers.lsp.diagnostics import Diagnostics, Known, ReportDiagnostics, of_problem
from polcheck.servers.lsp.open_documents import Document, saved_bytes
from polcheck.servers.lsp.roots import Roots


def project_folders(path: Path, roots: Roots) -> list[Path]:
    """Return the folders in the workspace that may be those of projects that a file belongs to, the innermost first.

    Each has a file that may be a configuration: what lies above the workspace is not looked at.
    """
    return [folder for folder in roots.upward(path.parent) if any(is_file(folder / name) for name in CONFIG_NAMES)]


def has_config(folder: Path) -> bool:
    """Return whether there is a configuration of polcheck in a folder, usable or not."""
    try:
        return read_config_in(str(folder)) is not None
    except ConfigError:
        return True


def open_project(folder: Path) -> Project:
    """Return the project in a folder by the configuration in that folder. Raises ConfigError where there is none."""
    config = read_config_in(str(folder))
    if config is None:
        raise ConfigError([Problem("there is no polcheck.yaml", str(folder), help="`polcheck init` writes one")])
    # NOTE: an editor's project is the user's own, as for `polcheck run`
    return Project(str(folder), EffectiveConfig(CommandLineOptions(cache=False, fetch=False), config))


def lay_over(
    session: Session, folder: Path, documents: Mapping[Path, Document], before: Mapping[str, bytes]
) -> dict[str, bytes]:
    """Lay the unsaved documents of the project in a folder over its files, take away those of `before` that no longer
    are, and return what lies over them then.
    """
    wanted = {
        path.relative_to(folder).as_posix(): document.data
        for path, document in documents.items()
        if path.is_relative_to(folder) and not document.is_saved
    }
    session.revert([path for path in before if path not in wanted])
    for path, data in wanted.items():
        if before.get(path) != data:
            with suppress(SubmissionError):  # NOTE: what is no file of the project, as those in `.git`
                session.overlay({path: data})
    return wanted


class Checked(Struct, frozen=True):
    """What came of a check: what is wrong in files, what is wrong with the configuration or the packs, and log lines.

    `files` is None where nothing could be checked for these faults.
    """

    files: Diagnostics | None
    faults: Diagnostics
    log: tuple[str, ...] = ()


class CheckedProject:
    """The project in one folder of the workspace. Its methods take long and are called in threads."""

    def __init__(self, folder: Path, roots: Roots, encoding: str, *, related: bool) -> None:
        self.folder = folder
        self._roots = roots
        self._encoding = encoding
        self._related = related
        self._session: Session | None = None
        self._overlaid: dict[str, bytes] = {}
        self._known: Known = {}

    def check(self, documents: Mapping[Path, Document], cancel: threading.Event) -> Checked:
        """Return what is wrong in the project with these documents open. Raises Cancelled when `cancel` is set."""
        if not has_config(self.folder):
            return Checked({}, {})
        try:
            session = self._opened()
            self._lay_over(session, documents)
            report = session.check(cancel=cancel)
        except Cancelled:
            raise
        except PolcheckError as error:
            return Checked(None, self._faults(error, documents))
        described = self._describing(documents).of(report)
        self._known = described.known
        return Checked(described.diagnostics, {}, described.log)

    def refresh(self) -> None:
        """Look at the disk again with the next check."""
        if self._session is not None:
            self._session.refresh()

    def close(self) -> None:
        """Let go of the session."""
        if self._session is not None:
            self._session.close()

    def _opened(self) -> Session:
        if self._session is None:
            self._session = Session.over(lambda: open_project(self.folder))
        return self._session

    def _lay_over(self, session: Session, documents: Mapping[Path, Document]) -> None:
        self._overlaid = lay_over(session, self.folder, documents, self._overlaid)

    def _describing(self, documents: Mapping[Path, Document]) -> ReportDiagnostics:
        config = next((self.folder / name for name in CONFIG_NAMES if is_file(self.folder / name)), self.folder)
        known: dict[str, Lines | None] = {}

        def text_of(path: str) -> Lines | None:
            if path not in known:
                known[path] = self._text(self.folder / path, documents)
            return known[path]

        typed = {path.relative_to(self.folder).as_posix() for path in documents if path.is_relative_to(self.folder)}
        return ReportDiagnostics(self.folder, config, text_of, self._encoding, self._related, self._known, typed)

    def _text(self, path: Path, documents: Mapping[Path, Document]) -> Lines | None:
        document = documents.get(path)
        if document is not None:
            return document.lines
        data = saved_bytes(path)
        try:
            return None if data is None else Lines(Source(path.name, data).text, self._encoding)
        except Unreadable:
            return None

    def _faults(self, error: PolcheckError, documents: Mapping[Path, Document]) -> Diagnostics:
        """Return what keeps a project from being checked, at the files that say so, else at its configuration."""
        config = self._describing(documents).config
        result: Diagnostics = {}
        for problem in problems_of(error, str(config)):
            # NOTE: problems name files as they are seen from the working directory
            path = Path(os.path.abspath(problem.path)) if problem.path else config  # noqa: PTH100
            if path != config and (self._roots.holding(path) is None or not is_file(path)):
                where = f"{problem.path}:{problem.line}" if problem.line else problem.path
                path, problem = config, Problem(f"{where}: {problem.message}", help=problem.help)  # noqa: PLW2901
            result.setdefault(path, []).append(of_problem(problem, self._text(path, documents)))
        return result
