"""Parts of a pack that nothing uses."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from polcheck.errors import Problem
from polcheck.lint.expressions import read_of
from polcheck.lint.view import View
from polcheck.policy.members import WHOLE

_FOLDERS = ("policies/", "tables/", "templates/", "tests/")
_YAML = (".yaml", ".yml")


def check(view: View) -> None:
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
            help = "write one, or say `decided_by: review` and why"
            view.head.warning(
                ("requirements", requirement.id), f"no policy answers to the requirement `{requirement.id}`", help
            )


def _params(view: View) -> None:
    _unread(view, "params", view.document.get("params", {}), "parameter", read_of(view, "params"))


def _selectors(view: View) -> None:
    used = {item.use for _, item in view.items}
    _unread(view, "selectors", view.document.get("selectors", {}), "selector", used)


def _unread(view: View, key: str, names: Iterable[str], word: str, read: Iterable[str]) -> None:
    read = set(read)
    if WHOLE not in read:
        for name in names:
            if name not in read:
                view.head.warning((key, name), f"the {word} `{name}` is never used", "drop it, or use it")


def _tables(view: View) -> None:
    read = read_of(view, "tables")
    if WHOLE in read:
        return
    for path in view.pack.files.below("tables", _YAML):
        name = path.rsplit("/", 1)[-1].rsplit(".", 1)[0]
        if name not in read:
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
