"""The tools of the server for agents: each takes plain values and returns a short text.

INVARIANT: nothing is fetched, nothing outside of the opened folders is read, and nothing is written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from msgspec.structs import replace

from polcheck.authoring.explain import text as explanation
from polcheck.authoring.explain.display import DisplayOptions
from polcheck.authoring.explain.policy import explain, find_policy
from polcheck.authoring.explain.query import Question, ask, submission_at
from polcheck.authoring.explain.query import text as answer_text
from polcheck.authoring.lint import lint
from polcheck.authoring.reference.policy_text import described
from polcheck.authoring.testing.run import Options, run_tests
from polcheck.authoring.testing.text import render_results
from polcheck.base.errors import PolcheckError
from polcheck.packs.shipped import schemas
from polcheck.policy.pack_files import PackFiles
from polcheck.project.effective import CommandLineOptions
from polcheck.project.library import check as check_submission
from polcheck.project.packs import read_pack
from polcheck.project.project import Project
from polcheck.project.session import Session
from polcheck.servers.folders import lies_in
from polcheck.servers.mcp.answers import fixes_text, problems_text, report_text

_MOST_ROWS = 10  # of each list of an explanation
_MOST_SESSIONS = 4  # that stay open
_HEAD = "name: draft\nversion: 1.0.0\n"
_LOOK = DisplayOptions()


class Tools:
    """The tools over some folders; may be called from several threads."""

    def __init__(self, folders: Sequence[Path]) -> None:
        """Serve projects in and below these folders; a relative path begins at the first."""
        self._folders = [folder.resolve() for folder in folders]
        self._sessions: dict[tuple[object, ...], Session] = {}  # the one asked for last at the end
        self._lock = Lock()

    def check(
        self,
        path: str = ".",
        files: Sequence[str] = (),
        changes: Mapping[str, str | None] | None = None,
        packs: Sequence[str] = (),
        select: Sequence[str] = (),
        fail_on: str | None = None,
    ) -> str:
        """Return the report on the project in the folder `path`, or on some `files` of it (paths from that folder).

        `changes` are texts by path that are checked in place of the files on disk, null for a file that is gone.
        """
        with self._session(path, packs, select, fail_on) as session:
            session.refresh()
            session.overlay({name: text if text is None else text.encode() for name, text in (changes or {}).items()})
            try:
                return report_text(session.check(files))
            finally:
                session.revert()

    def fix(
        self,
        path: str = ".",
        files: Sequence[str] = (),
        packs: Sequence[str] = (),
        select: Sequence[str] = (),
        unsafe: bool = False,
    ) -> str:
        """Return what the fixes of findings change, as a diff: safe ones, with `unsafe` all. Nothing is written.

        Each fix has been tried: its finding is gone with it, and nothing else got worse.
        """
        with self._session(path, packs, select, None) as session:
            session.refresh()
            return fixes_text(session.fix(files, unsafe=unsafe))

    def check_bundle(self, bundle: Mapping[str, str], packs: Sequence[str], select: Sequence[str] = ()) -> str:
        """Return the report on files that are given as texts by path, by packs with these names or folders."""
        opened = [self._pack(name) for name in packs]
        return report_text(check_submission(dict(bundle), opened, select=select))

    def explain(self, policy: str, path: str = ".", packs: Sequence[str] = ()) -> str:
        """Return step by step how a policy gets its outcome on a project."""
        project = self._project(path, packs)
        result = explain(project.checker, policy, project.read(), project.packs, _MOST_ROWS, project.acceptance())
        return explanation.text(result, _LOOK)

    def rule(self, policy: str, path: str = ".", packs: Sequence[str] = ()) -> str:
        """Return what a policy asks for, why, and how to fix or waive its findings, with examples."""
        project = self._project(path, packs)
        compiled = find_policy(project.checker.plan, policy)
        files = next(pack for pack in project.packs if pack.name == compiled.pack)
        return "\n".join(described(files, compiled)) + "\n"

    def list_policies(self, path: str = ".", packs: Sequence[str] = ()) -> str:
        """Return the policies in effect for a project, a line each: severity, name, title."""
        policies = self._project(path, packs, selected=()).checker.plan.policies
        return "".join(f"{policy.severity:<7}  {policy.ref}  {policy.title}\n" for policy in policies)

    def validate_policy(self, policy: str = "", cases: str = "", pack: str = "") -> str:
        """Return the problems of a policy that is given as YAML, or of a pack's folder, and the results of its cases.

        With both, the policy and the cases are added to the pack.
        """
        if not policy and not pack:
            raise PolcheckError("give `policy`, the YAML of a policy, or `pack`, a pack's folder, or both")
        files = self._pack(pack) if pack else PackFiles("draft", {"pack.yaml": _HEAD.encode()})
        own = {"policies/draft.yaml": policy, "tests/draft.yaml": cases}
        added = {name: text.encode() for name, text in own.items() if text}
        draft = replace(files, root="", files={**files.files, **added})
        result = lint([draft], schemas())
        lines = problems_text(result.problems) if result.problems else "no problems found\n"
        if result.of("error"):
            return lines
        tested = run_tests(draft, schemas(), Options(jobs=1))
        return lines + render_results(tested) if tested.cases else lines + "no cases\n"

    def query(self, selector: str, expression: str, path: str = ".", language: str = "", where: str = "") -> str:
        """Return what a selector (`pattern`, `code`, `data` or `text`) matches in a folder or a file."""
        if selector not in ("pattern", "code", "data", "text"):
            raise PolcheckError(f"there is no selector `{selector}`: take `pattern`, `code`, `data` or `text`")
        question = Question(selector, (expression,), language, "", where)
        target = self._resolved(path)
        folder = next(folder for folder in self._folders if target.is_relative_to(folder))
        # NOTE: the format of a file may be a matter of the folders that it lies in
        submission = submission_at(str(target), name=target.relative_to(folder).as_posix())
        return answer_text(ask(question, submission), _LOOK)

    @contextmanager
    def _session(
        self, path: str, packs: Sequence[str], select: Sequence[str], fail_on: str | None
    ) -> Iterator[Session]:
        """Yield the session of a project, which nobody else uses meanwhile; the latest ones stay open."""
        folder = self._resolved(path)
        key = (folder, tuple(packs), tuple(select), fail_on)
        with self._lock:
            session = self._sessions.pop(key, None)
        if session is None:
            names = [self._pack_name(name) for name in packs]
            session = Session(folder, names, select=select, fail_on=fail_on)
        yield session
        with self._lock:
            self._sessions[key] = session
            while len(self._sessions) > _MOST_SESSIONS:
                self._sessions.pop(next(iter(self._sessions))).close()

    def _project(self, path: str, packs: Sequence[str], *, selected: tuple[str, ...] = ("*",)) -> Project:
        """Return the project in a folder, with every policy `selected`, so that one that it leaves out is there too."""
        names = tuple(self._pack_name(name) for name in packs)
        options = CommandLineOptions(packs=names, select=selected, cache=False, fetch=False)
        project = Project.at(str(self._resolved(path)), options)
        if not project.effective.packs:
            raise PolcheckError("no pack is named: give `packs`, or name them in polcheck.yaml (`polcheck init`)")
        return project

    def _pack(self, name: str) -> PackFiles:
        return read_pack(self._pack_name(name))

    def _pack_name(self, name: str) -> str:
        """Return a pack's name or address, or its folder from the root where it is a path in an opened folder."""
        if ":" in name:
            return name
        return str(self._resolved(name)) if "/" in name or name.startswith(".") else name

    def _resolved(self, path: str) -> Path:
        """Return an absolute path. Raises PolcheckError for one that lies outside of the opened folders."""
        resolved = (self._folders[0] / path).resolve()
        if not lies_in(resolved, self._folders):
            raise PolcheckError(f"`{path}` lies outside of the folders that this server was started with")
        return resolved
