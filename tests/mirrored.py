"""A project with a session over it, and its mirror: the same folder with what the overlay holds written to disk."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from polcheck.base.errors import PolcheckError
from polcheck.findings.report_json import report_to_json
from polcheck.project.session import Session
from polcheck.render.json import dumps
from typed import polcheck


@contextmanager
def working_in(folder: Path) -> Iterator[None]:
    """Let a folder be the working directory meanwhile."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def write(root: Path, files: Mapping[str, bytes | str | None]) -> None:
    """Write files below a folder as an editor does, links followed; None removes a file, or a link."""
    for name, data in files.items():
        path = root / name
        if data is None:
            path.unlink(missing_ok=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data if isinstance(data, bytes) else data.encode())


class Mirrored:
    """A session over one folder, whose overlay is written to another one."""

    def __init__(self, folder: Path, files: Mapping[str, bytes | str], *options: str) -> None:
        self.own, self.mirror = folder / "own" / "project", folder / "mirror" / "project"
        for root in (self.own, self.mirror):
            root.mkdir(parents=True)
        self.options = options
        with working_in(self.own):
            self.session = Session()
        self.save(files)

    def save(self, files: Mapping[str, bytes | str | None]) -> None:
        """Write files to the disk of both folders."""
        write(self.own, files)
        write(self.mirror, files)
        self._tidy()
        self.session.refresh()

    def overlay(self, files: Mapping[str, bytes | None]) -> None:
        """Lay files over the one folder, and write them to the other one."""
        with working_in(self.own):
            self.session.overlay(files)
        write(self.mirror, files)
        self._tidy()

    def revert(self, *paths: str) -> None:
        """Let the disk count again for some paths that are no links."""
        self.session.revert(paths)
        for path in paths:
            (self.mirror / path).unlink(missing_ok=True)
            if (self.own / path).exists():
                shutil.copyfile(self.own / path, self.mirror / path)
        self._tidy()

    def _tidy(self) -> None:
        """Remove folders of the mirror that are empty and have no counterpart, as an overlay has none."""
        for folder in sorted((path for path in self.mirror.rglob("*") if path.is_dir()), reverse=True):
            if not (self.own / folder.relative_to(self.mirror)).is_dir() and not any(folder.iterdir()):
                folder.rmdir()

    def both(self, *paths: str) -> tuple[str, str]:
        """What the session says, and what a fresh run in the mirror does: a JSON report, or an error."""
        with working_in(self.own):
            try:
                ours = dumps(report_to_json(self.session.check(paths)))
            except PolcheckError as error:
                ours = f"{error}\n"
        with working_in(self.mirror):
            fresh = polcheck("run", "-f", "json", "--no-cache", *self.options, *(paths or ["."]))
        said = fresh.out or fresh.err
        if said.startswith("Usage:") and "no pack is named" in ours:
            return ours, ours  # NOTE: a command line lacks an argument where a program has made an error
        # NOTE: where files are named, a run calls the folder of the configuration by its whole path
        return ours, said.replace(f'"{self.mirror}"', '"."') if paths else said

    def agreed(self, *paths: str) -> str:
        """Return the report, after a comparison with that of a fresh run."""
        ours, fresh = self.both(*paths)
        assert ours == fresh
        return ours
