"""`polcheck run --watch`: the report, then what changes in it as files change."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from polcheck.base.errors import PolcheckError
from polcheck.base.paths import below, is_folder
from polcheck.cli.outputs import Outputs
from polcheck.project.arguments import Request
from polcheck.project.session import Session

if TYPE_CHECKING:
    from polcheck.findings.report import Report
    from polcheck.project.project import Project

_DEBOUNCE = 300  # milliseconds: what is written meanwhile is one change
_QUIET = 50  # milliseconds without a change, after which it is over
_TIMEOUT = 1_000  # milliseconds after which the system is asked again
_OF_GIT = ("index", "HEAD", "info/exclude")  # of git's own files, those that say which files there are
_MISSING = "--watch needs the extra `watch`: pip install 'polcheck[watch]'"


def watch_project(request: Request, open_project: Callable[[], Project], outputs: Outputs, since: str | None) -> int:
    """Print the report on a project, then what changes in it, until ctrl-C; the exit status is that of the last one.

    Raises UsageError for what can't be watched, and PolcheckError where the system watches no files.
    """
    try:
        import watchfiles  # noqa: F401
    except ImportError:
        raise click.UsageError(_MISSING) from None
    if not is_folder(request.target):
        raise click.UsageError(f"--watch is about a folder or files in one, and `{request.target}` is neither")
    others = [name for name, path in outputs.requested if not path and name != "text"]
    if others:
        raise click.UsageError(f"--watch prints text: write `-f {others[0]}=FILE` for another format")
    status = 2
    try:
        with Session.over(open_project, since, request.target) as session:
            watched = Watched(session, request.paths, outputs)
            status = watched.check()
            for _ in changes_in(request.target, open_project):
                session.refresh()
                status = watched.check()
    except KeyboardInterrupt:
        pass
    return status


class Watched:
    """What is watched, and the report that was printed last."""

    def __init__(self, session: Session, paths: tuple[str, ...], outputs: Outputs) -> None:
        self._session = session
        self._paths = paths
        self._outputs = outputs
        self._shown: Report | None = None
        self._error = ""
        self._status = 2

    def check(self) -> int:
        """Check the project, print what is another than before, and return the exit status; that of an error is 2."""
        try:
            report = self._session.check(self._paths)
        except (PolcheckError, click.ClickException) as error:
            text = error.format_message() if isinstance(error, click.ClickException) else str(error)
            if text != self._error:
                click.echo(text, err=True)
            self._error = text
            return 2
        recovered, self._error = bool(self._error), ""
        if self._shown is None:
            self._status = self._outputs.write(report)
        else:
            self._status = self._outputs.write_changes(self._shown, report, said=recovered)
        self._shown = report
        return self._status


def changes_in(target: str, open_project: Callable[[], Project]) -> Iterator[None]:
    """Yield whenever files of a project have changed, or what says how they are checked, and come to rest.

    Yields once without any, as soon as the system watches them: something may have changed before.
    """
    import watchfiles

    def relevant(_change: watchfiles.Change, path: str) -> bool:
        _, git, name = path.replace(os.sep, "/").rpartition("/.git/")
        return not git or name in _OF_GIT

    try:
        batches = watchfiles.watch(
            *_places(target, open_project),
            watch_filter=relevant,
            debounce=_DEBOUNCE,
            step=_QUIET,
            rust_timeout=_TIMEOUT,
            yield_on_timeout=True,
            raise_interrupt=True,
            ignore_permission_denied=True,
        )
        for number, batch in enumerate(batches):
            if batch or number == 0:
                yield
    except OSError as error:
        raise PolcheckError(f"the system can't watch `{target}`: {error}") from error


def _places(target: str, open_project: Callable[[], Project]) -> list[str]:
    """Return the folders in which something can change that a report follows from."""
    places = [target]
    try:
        project = open_project()
    except (PolcheckError, click.ClickException):
        return places  # NOTE: what can't be opened yet lies in the folder, or it is named by an error
    folders = [project.folder, *(pack.root for pack in project.packs)]
    return places + [str(Path(folder)) for folder in folders if is_folder(folder) and below(target, folder) is None]
