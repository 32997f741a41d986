"""Branches of `any`, and texts of a list, that add nothing to the others."""

from __future__ import annotations

from polcheck.documents.config import Pointer
from polcheck.lint.alike import covers
from polcheck.lint.view import View, at_index
from polcheck.policy.origin import Origin
from polcheck.policy.plan import Union
from polcheck.policy.written import Item

_LISTS = ("files", "pattern", "code")


def check(view: View) -> None:
    """Warns of branches that match only where another one does, and of texts that stand twice in a list."""
    for origin, step in view.steps():
        if isinstance(step, Union):
            _branches(origin, step)
    for origin, item in view.items:
        _repeated(origin, item)


def _branches(origin: Origin, step: Union) -> None:
    dropped: set[int] = set()
    for index, branch in enumerate(step.branches):
        for other, wide in enumerate(step.branches):
            # of two that are the same the later one goes
            if other == index or other in dropped or not covers(wide, branch):
                continue
            if other > index and covers(branch, wide):
                continue
            dropped.add(index)
            line = _line(origin, (*step.at, "any", other))
            message = f"this branch is never needed: the one on line {line} matches wherever it does"
            origin.warning((*step.at, "any", index), message, "drop it, or narrow the other")
            break


def _line(origin: Origin, at: Pointer) -> int:
    try:
        return origin.source.line_of(origin.config.locate(origin.index, at).value.start)
    except KeyError:
        return origin.line


def _repeated(origin: Origin, item: Item) -> None:
    for key in _LISTS:
        texts: tuple[str, ...] = getattr(item, key)
        for index, text in enumerate(texts):
            if text in texts[:index]:
                origin.warning(
                    at_index(origin, (*item.at, key), index), f"`{text}` stands twice in the list", "drop it"
                )
