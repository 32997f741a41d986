"""What a client has open, and the checks that follow from it: one for each project and each pack in the workspace."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Protocol

from lsprotocol import types
from msgspec.structs import replace

from polcheck.base.errors import PolcheckError, internal_error
from polcheck.base.overlay import Overlay, lying_over
from polcheck.project.session import Cancelled
from polcheck.servers.folders import confine_to
from polcheck.servers.lsp.authored import HEAD, AuthoredPack, pack_folder, problems_of
from polcheck.servers.lsp.background import Repeated
from polcheck.servers.lsp.checked import CheckedProject, project_folders
from polcheck.servers.lsp.diagnostics import Diagnostics, of_problem
from polcheck.servers.lsp.open_documents import Document, saved_bytes
from polcheck.servers.lsp.publisher import Publisher
from polcheck.servers.lsp.roots import Roots, path_of, uri_of

PACK, PROJECT = "pack", "project"  # what is checked
PAUSE = 0.08  # seconds without a keystroke before a check begins


class Client(Protocol):
    """What the workbench tells the editor."""

    def publish(self, uri: str, version: int | None, diagnostics: list[types.Diagnostic]) -> None:
        """Show the diagnostics of a file, which are all that there are."""

    def refresh(self) -> None:
        """Have the editor ask for diagnostics again."""

    def log(self, message: str, kind: types.MessageType) -> None:
        """Write a line into the editor's log."""


class Workbench:
    """The state of one connection. All of it is used on the event loop; what takes long runs in threads.

    `pulled` is whether the client asks for diagnostics and can be told to do so: it gets none without being asked,
    which it would show twice.
    """

    def __init__(self, client: Client, roots: Roots, encoding: str, *, related: bool, pulled: bool = False) -> None:
        self.client = client
        self.roots = roots
        self.encoding = encoding
        self.related = related
        self.pulled = pulled
        self._refreshing: asyncio.TimerHandle | None = None
        self.documents: dict[Path, Document] = {}
        self.publisher = Publisher(self._publish)
        self.projects: dict[Path, CheckedProject] = {}
        self._checks: dict[tuple[str, Path], Repeated] = {}
        self._logged: set[str] = set()
        self._confine()

    def begin(self) -> None:
        """Check the projects at the workspace folders; the others as soon as one of their files is opened."""
        for folder in self.roots.folders:
            if not project_folders(folder / "file", Roots((folder,))):
                self.log(f"{folder}: no polcheck.yaml, so that nothing is checked (`polcheck init` writes one)")
            self._request(folder / "file")

    def open(self, uri: str, text: str, version: int | None) -> None:
        """Take the text of a document that the editor has opened."""
        path = self.path(uri)
        if path is not None:
            self._changed(Document(uri, path, text, version, saved_bytes(path), self.encoding))

    def change(self, uri: str, version: int | None, changes: Iterable[types.TextDocumentContentChangeEvent]) -> None:
        """Take what was typed into an open document."""
        document = self.document(uri)
        if document is None:
            return
        for change in changes:
            document = replace(document, text=_edited(document, change), version=version)
        self._changed(document)

    def close(self, uri: str) -> None:
        """Go back to what is on disk."""
        path = self.path(uri)
        if path is not None and self.documents.pop(path, None) is not None:
            self._request(path)

    def files_changed(self, uris: Iterable[str]) -> None:
        """Take up what has changed on disk, or was saved."""
        paths = {path for uri in uris if (path := self.path(uri)) is not None and ".git" not in path.parts}
        for path in paths:
            document = self.documents.get(path)
            if document is not None:
                self.documents[path] = replace(document, saved=saved_bytes(path))
        if paths:
            for project in self.projects.values():
                project.refresh()
        for folder in {path.parent for path in paths}:  # NOTE: a checkout of git changes thousands of files at once
            self._request(folder / HEAD)

    def set_folders(self, roots: Roots) -> None:
        """Take another set of workspace folders."""
        self.roots = roots
        self._confine()
        for path in [path for path in self.documents if roots.holding(path) is None]:
            del self.documents[path]
        for key in [key for key in self._checks if roots.holding(key[1]) is None]:
            asyncio.ensure_future(self._checks.pop(key).close())  # noqa: RUF006
            self.publisher.drop(key)
            self.publisher.drop(("faults", key[1]))
            if key[0] == PROJECT:
                self.projects.pop(key[1]).close()
        self.begin()

    async def end(self) -> None:
        """Stop every check."""
        await asyncio.gather(*(repeated.close() for repeated in self._checks.values()))

    async def settled(self) -> None:
        """Wait until every check that was asked for is done."""
        await asyncio.gather(*(repeated.settled() for repeated in list(self._checks.values())))

    def document(self, uri: str) -> Document | None:
        """Return an open document of the workspace."""
        path = self.path(uri)
        return self.documents.get(path) if path is not None else None

    async def pack_of(self, document: Document) -> AuthoredPack | None:
        """Return the pack that a document belongs to, as it is now; None where there is none that can be read."""
        with self.unsaved():
            folder = pack_folder(document.path, self.roots)
            if folder is None:
                return None
            try:
                return await asyncio.to_thread(AuthoredPack.read, folder, self.roots, self.encoding)
            except PolcheckError:
                return None

    def unsaved(self) -> AbstractContextManager[None]:
        """Return a context in which open documents are read as they are typed, in threads that begin in it, too."""
        unsaved = {document.path: document.data for document in self.documents.values() if not document.is_saved}
        return lying_over(Overlay({os.fsencode(os.path.realpath(path)): data for path, data in unsaved.items()}))

    def log(self, message: str, kind: types.MessageType = types.MessageType.Log) -> None:
        """Write a line into the editor's log, unless it is there already."""
        if message not in self._logged:
            self._logged.add(message)
            self.client.log(message, kind)

    def _changed(self, document: Document) -> None:
        self.documents[document.path] = document
        self.publisher.typed(document.path)
        self._request(document.path)

    def _request(self, path: Path) -> None:
        """Have everything checked again that may depend on a file."""
        with self.unsaved():
            pack = pack_folder(path, self.roots)
            folders = project_folders(path, self.roots)
        if pack is not None:
            self._check((PACK, pack)).request()
            folders += self.projects  # NOTE: any of them may check by this pack
        for folder in dict.fromkeys(folders):
            self._check((PROJECT, folder)).request()

    def _check(self, key: tuple[str, Path]) -> Repeated:
        """Return the check of a pack or a project, which is made when it is first asked for."""
        if key not in self._checks:
            kind, folder = key
            if kind == PROJECT:
                self.projects[folder] = CheckedProject(folder, self.roots, self.encoding, related=self.related)
            work = partial(self._check_pack if kind == PACK else self._check_project, folder)
            self._checks[key] = Repeated(work, self._failed(f"checking the {kind} in {folder}"), PAUSE)
        return self._checks[key]

    async def _check_pack(self, folder: Path, _cancel: threading.Event) -> None:
        with self.unsaved():
            result = await asyncio.to_thread(_pack_diagnostics, folder, self.roots, self.encoding)
        self.publisher.set((PACK, folder), result)

    async def _check_project(self, folder: Path, cancel: threading.Event) -> None:
        with self.unsaved():
            try:
                result = await asyncio.to_thread(self.projects[folder].check, dict(self.documents), cancel)
            except Cancelled:
                return
        if cancel.is_set():
            return  # NOTE: places are those of a text that is another one by now
        self.publisher.set(("faults", folder), result.faults)
        if result.files is not None:  # NOTE: else what is shown stays, beside the fault
            self.publisher.set((PROJECT, folder), result.files)
        for line in result.log:
            self.log(f"{folder}: {line}")

    def _failed(self, doing: str) -> Callable[[Exception], None]:
        return lambda error: self.client.log(internal_error(doing, error), types.MessageType.Error)

    def path(self, uri: str) -> Path | None:
        """Return the path of a file of the workspace; None for any other."""
        path = path_of(uri)
        return path if path is not None and self.roots.holding(path) is not None else None

    def _publish(self, path: Path, diagnostics: list[types.Diagnostic]) -> None:
        if self.pulled:
            if self._refreshing is None or self._refreshing.when() < asyncio.get_running_loop().time():
                self._refreshing = asyncio.get_running_loop().call_later(PAUSE, self.client.refresh)
            return
        document = self.documents.get(path)
        self.client.publish(
            document.uri if document else uri_of(path), document.version if document else None, diagnostics
        )

    def _confine(self) -> None:
        confine_to(self.roots.folders)


def _edited(document: Document, change: types.TextDocumentContentChangeEvent) -> str:
    """Return the text after one change: of a range, or of the whole."""
    if isinstance(change, types.TextDocumentContentChangeWholeDocument):
        return change.text
    start, end = (document.lines.offset(place) for place in (change.range.start, change.range.end))
    return document.text[:start] + change.text + document.text[max(start, end) :]


def _pack_diagnostics(folder: Path, roots: Roots, encoding: str) -> Diagnostics:
    try:
        return AuthoredPack.read(folder, roots, encoding).diagnostics()
    except PolcheckError as error:
        head = folder / HEAD
        return {head: [of_problem(problem, None) for problem in problems_of(error, str(head))]}
