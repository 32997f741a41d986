"""Parts of a pack that nothing uses."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from msgspec.structs import replace

from polcheck.authoring.lint.view import View
from polcheck.base.errors import Problem
from polcheck.base.similar_names import did_you_mean
from polcheck.findings.report import Report, SubmissionUsed
from polcheck.findings.report_json import report_to_json
from polcheck.policy.name_usage import WHOLE, builtin_message, members
from polcheck.policy.params import fault_of
from polcheck.selectors.jmespath.nodes import Current, Field, Node, children
from polcheck.selectors.jmespath.parser import parse


def constant(text: str) -> bool:
    """Return whether an expression reads nothing at all."""
    node, _ = parse(text)
    return not any(isinstance(part, Field) or (isinstance(part, Current) and not part.implied) for part in walk(node))


def walk(node: Node) -> Iterator[Node]:
    """Yield a node and all below it."""
    yield node
    for child in children(node):
        yield from walk(child)


def read_of(view: View, root: str) -> frozenset[str]:
    """Return the members of `params` or `tables` that anything in the pack reads; `*` among them for all."""
    results: set[str] = set()
    for text in _expressions(view):
        results |= members(text, root)
    for text in templates(view):
        results |= builtin_message(text, root)
    return frozenset(results)


def templates(view: View) -> Iterator[str]:
    """Yield the text of every message, remedy, fix and template."""
    for entry in view.entries:
        yield from (entry.written.message, entry.written.remedy)
        for edit in entry.written.fix:
            yield from (edit.into, edit.create, edit.text, edit.to, json.dumps([edit.value, edit.insert, edit.set]))
    for path in view.pack.files.below("templates", ("",)):
        yield view.pack.files.files[path].decode("utf-8", "replace")


def _expressions(view: View) -> Iterable[str]:
    for _, item in view.items:
        yield from (text for text in (item.where, *item.let.values()) if text)
        if isinstance(item.values, str):
            yield item.values
    yield from (edit.when for entry in view.entries for edit in entry.written.fix if edit.when)
    yield from (value for value in view.document.get("verdict", {}).values() if isinstance(value, str))


_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


def check_policies(view: View) -> None:
    """Notes titles that two policies share, what readers miss, and successors and profiles that name nothing."""
    _titles(view)
    _remedies(view)
    _reviews(view)
    _successors(view)
    _profiles(view)


def _titles(view: View) -> None:
    visited: dict[str, str] = {}
    for entry in view.entries:
        title = " ".join(entry.written.title.lower().split())
        if title in visited:
            message = f"the policy `{visited[title]}` has the same title"
            entry.origin.warning(("title",), message, "say what this one asks for and the other doesn't")
        visited.setdefault(title, entry.written.id)


def _remedies(view: View) -> None:
    for entry in view.entries:
        if not entry.written.remedy and entry.written.severity != "note":
            help = "add `remedy`: what to do about it, for whoever meets the finding"
            entry.origin.note(("id",), f"the policy `{entry.written.id}` has no remedy", help)


def _reviews(view: View) -> None:
    for requirement in view.pack.compiled.requirements:
        if requirement.decided_by == "review" and not requirement.because:
            at = ("requirements", requirement.id)
            help = "add `because`: what a policy can't see"
            view.head.note(at, f"the requirement `{requirement.id}` is for reviewers, and doesn't say why", help)


def _successors(view: View) -> None:
    known = {entry.written.id for entry in view.entries}
    for entry in view.entries:
        successor = entry.written.deprecated
        if successor and _ID.fullmatch(successor) and (successor not in known or successor == entry.written.id):
            help = did_you_mean(successor, known - {entry.written.id}) or "name its successor, or say why there is none"
            entry.origin.warning(("deprecated",), f"there is no other policy `{successor}`", help)


def _profiles(view: View) -> None:
    declared: Mapping[str, Mapping[str, Any]] = view.document.get("params", {})
    policies = {entry.written.id for entry in view.entries}
    named = policies | {requirement.id for requirement in view.pack.compiled.requirements}
    for profile, value in view.document.get("profiles", {}).items():
        for param, provided in value.get("params", {}).items():
            at = ("profiles", profile, "params", param)
            if param not in declared:
                view.head.error(at, f"the pack has no parameter `{param}`", did_you_mean(param, declared))
            elif fault := fault_of(declared[param], provided):
                view.head.error(at, f"the parameter `{param}` {fault}")
        for name in value.get("severities", {}):
            own = name.removeprefix(f"{view.document['name']}:")
            if own not in named and view.complete:
                at = ("profiles", profile, "severities", name)
                view.head.error(at, f"the pack has no policy or requirement `{name}`", did_you_mean(own, named))


_FOLDERS = ("policies/", "tables/", "templates/", "tests/")
_YAML = (".yaml", ".yml")


def check_unused_parts(view: View) -> None:
    """Warns of requirements without a policy, and of parameters, selectors, tables and files that nothing reads.

    But for the files, says nothing while the pack has errors: what can't be read may use them.
    """
    _strays(view)
    if not view.complete:
        return
    _requirements(view)
    _params(view)
    _selectors(view)
    _tables(view)
    _templates(view)


def _requirements(view: View) -> None:
    answered = {entry.written.requirement for entry in view.entries}
    for requirement in view.pack.compiled.requirements:
        if requirement.decided_by != "review" and requirement.id not in answered:
            help = "write one, or set `decided_by: review` with a reason"
            view.head.warning(
                ("requirements", requirement.id), f"no policy implements the requirement `{requirement.id}`", help
            )


def _exported(view: View, key: str) -> set[str]:
    """Return the selectors or tables that the pack lets others use."""
    entries = view.document.get("exports", {}).get(key, ())
    return {entry if isinstance(entry, str) else entry["selector"] for entry in entries}


def _params(view: View) -> None:
    _unread(view, "params", view.document.get("params", {}), "parameter", read_of(view, "params"))


def _selectors(view: View) -> None:
    used = {item.use for _, item in view.items} | _exported(view, "selectors")
    _unread(view, "selectors", view.document.get("selectors", {}), "selector", used)


def _unread(view: View, key: str, names: Iterable[str], word: str, read: Iterable[str]) -> None:
    read = set(read)
    if WHOLE not in read:
        for name in names:
            if name not in read:
                view.head.warning((key, name), f"the {word} `{name}` is never used", "drop it, or use it")


def _tables(view: View) -> None:
    read, exported = read_of(view, "tables"), _exported(view, "tables")
    if WHOLE in read:
        return
    for path in view.pack.files.below("tables", _YAML):
        name = path.rsplit("/", 1)[-1].rsplit(".", 1)[0]
        if name not in read and name not in exported:
            _warn(view, path, f"the table `{name}` is never used", "drop it, or use it as `tables." + name + "`")


def _templates(view: View) -> None:
    named = {
        f"templates/{value['template']}"
        for value in view.document.get("verdict", {}).values()
        if isinstance(value, dict)
    }
    for path in view.pack.files.below("templates", ("",)):
        if path not in named:
            _warn(view, path, f"the template `{path}` is never used", "name it under `verdict` in pack.yaml")


def _strays(view: View) -> None:
    """YAML that lies where nothing reads it."""
    head = view.head
    for index, value in enumerate(head.config.values):
        if index > head.index and value is not None:
            help = "pack.yaml is one document; policies are in policies/"
            replace(head, index=index).warning((), "what follows `---` is not read", help)
    for path in sorted(view.pack.files.files):
        if path.endswith(_YAML) and path != "pack.yaml" and not path.startswith(_FOLDERS):
            help = "policies are in policies/, tables in tables/, cases in tests/"
            _warn(view, path, f"`{path}` is not read", help)


def _warn(view: View, path: str, message: str, help: str) -> None:
    source = view.pack.files.source_of(path)
    view.problems.add(Problem(message, source.path, help=help, severity="warning"))


def check_verdict(view: View) -> None:
    """Notes expressions that read what no report has: null, whatever the run came to."""
    for field in view.pack.compiled.verdict:
        if field.expression is not None:
            for name in sorted(field.expression.names - report_fields()):
                listed = ", ".join(f"`{key}`" for key in sorted(report_fields()))
                help = did_you_mean(name, report_fields(), f"a report has {listed}")
                offset = field.expression.text.find(name)
                view.head.error(("verdict", field.name), f"a report has no `{name}`", help, offset)


@cache
def report_fields() -> frozenset[str]:
    """Return the keys of a report."""
    return frozenset(report_to_json(Report("none", "error", SubmissionUsed("", "", "", 0), (), (), (), ())))
