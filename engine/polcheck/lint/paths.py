"""`files` patterns that say nothing: those that another one excludes, and exclusions of what isn't there."""

from __future__ import annotations

import re

from polcheck.documents.config import Pointer
from polcheck.lint.globs import Glob, glob, some_path
from polcheck.lint.view import View, at_index
from polcheck.policy.origin import Origin
from polcheck.policy.written import Item
from polcheck.selectors.files import FilesProblem

_SET = re.compile(r"(?<!\\)\[[^\]/]+\]")


def check(view: View) -> None:
    """Notes patterns that can match no path beside the others of their list, and brackets that mean nothing."""
    for origin, item in view.items:
        _brackets(origin, item)
        if any(text.startswith("!") for text in item.files):
            try:
                globs = [glob(text) for text in item.files]
            except FilesProblem:
                continue  # noted when it was compiled
            _excluded(origin, item, globs)
            _idle(origin, item, globs)


def _excluded(origin: Origin, item: Item, globs: list[Glob]) -> None:
    """Notes what the exclusions of the list leave nothing of; an error where that is the whole list."""
    outside = [each for each, text in zip(globs, item.files, strict=True) if text.startswith("!") and each.exact]
    inside = [index for index, text in enumerate(item.files) if not text.startswith("!")]
    dead = [
        index
        for index in inside
        if some_path([globs[index], *outside], lambda taken: taken[0] and not any(taken[1:])) is False
    ]
    for index in dead:
        text = item.files[index]
        by = next(
            (
                other
                for other, each in zip(item.files, globs, strict=True)
                if other.startswith("!") and some_path([globs[index], each], lambda t: t[0] and not t[1]) is False
            ),
            "",
        )
        message = f"`{text}` matches nothing: `{by}` excludes all of it" if by else f"all of `{text}` is excluded"
        note = origin.error if dead == inside else origin.warning
        note(_at(origin, item, index), message, "narrow what is excluded, or drop the pattern")


def _idle(origin: Origin, item: Item, globs: list[Glob]) -> None:
    """Warns of exclusions that take nothing away."""
    inside = [each for each, text in zip(globs, item.files, strict=True) if not text.startswith("!")]
    for index, text in enumerate(item.files):
        if not text.startswith("!") or not inside:
            continue
        if some_path([globs[index], *inside], lambda taken: taken[0] and any(taken[1:])) is False:
            help = "drop it, or widen it: patterns start at the submission's root"
            origin.warning(_at(origin, item, index), f"`{text}` excludes nothing that the others match", help)


def _brackets(origin: Origin, item: Item) -> None:
    """Warns of what would be a set of characters elsewhere."""
    for index, text in enumerate(item.files):
        found = _SET.search(text)
        if found:
            message = f"`{found.group()}` stands for itself: there are no sets of characters"
            help = "write alternatives as `{a,b}`, or `\\[` for a bracket that is meant"
            origin.warning(_at(origin, item, index), message, help)


def _at(origin: Origin, item: Item, index: int) -> Pointer:
    return at_index(origin, (*item.at, "files"), index)
