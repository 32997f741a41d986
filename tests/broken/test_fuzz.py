"""Policies with one thing changed: whatever that is, it is told or harmless, and nothing falls over."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pack_files import ROOT, schemas
from polcheck.authoring.lint import lint
from polcheck.policy.pack_files import PackFiles

_ODD: list[Any] = [
    None, True, 0, -1, 1.5, 10**30, "", " ", "x", "@", "$x", "(", "{{", "a\n- b", "subject", "🦉", "\ud800", "\0",
    [], {}, [None], [[]], [{}], {"x": 1}, "{a", "!src/**", "/x", "`1`", "length(@)", "params.nothing", "(?P<x>a)",
    "((identifier) @x)",
]  # fmt: skip
Spot = tuple[str | int, ...]


@cache
def _pack(name: str) -> dict[str, bytes]:
    folder = ROOT / "policies" / name
    every = (path for path in folder.rglob("*") if path.is_file() and "tests" not in path.parts)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in every}


@cache
def _documents() -> list[tuple[str, Any]]:
    """Every policy of the packs that ship, and their pack.yaml, with the pack that each is of."""
    found: list[tuple[str, Any]] = []
    for name in ("airas-base-code", "python-project"):
        for path, data in sorted(_pack(name).items()):
            if path.startswith("policies/") or path == "pack.yaml":
                found += [(name, document) for document in yaml.safe_load_all(data)]
    return found


def _spots(value: Any, at: Spot = ()) -> Iterator[Spot]:
    """The pointer of every value in a document."""
    yield at
    if isinstance(value, dict):
        for key in value:
            yield from _spots(value[key], (*at, key))
    elif isinstance(value, list):
        for index, entry in enumerate(value):
            yield from _spots(entry, (*at, index))


def _holder(document: Any, at: Spot) -> Any:
    for step in at[:-1]:
        document = document[step]
    return document


def _drop(document: Any, at: Spot, draw: Callable[..., Any]) -> None:
    del _holder(document, at)[at[-1]]


def _replace(document: Any, at: Spot, draw: Callable[..., Any]) -> None:
    _holder(document, at)[at[-1]] = draw(st.sampled_from(_ODD))


def _misspell(document: Any, at: Spot, draw: Callable[..., Any]) -> None:
    holder = _holder(document, at)
    if isinstance(holder, dict):
        holder[f"{at[-1]}"[::-1]] = holder.pop(at[-1])


def _wrap(document: Any, at: Spot, draw: Callable[..., Any]) -> None:
    holder = _holder(document, at)
    holder[at[-1]] = draw(st.sampled_from([[holder[at[-1]]], {"not": holder[at[-1]]}, {"any": [holder[at[-1]]]}]))


def _garble(document: Any, at: Spot, draw: Callable[..., Any]) -> None:
    """Cuts a text, or puts something into it."""
    holder = _holder(document, at)
    text = holder[at[-1]]
    if isinstance(text, str) and text:
        index = draw(st.integers(0, len(text) - 1))
        holder[at[-1]] = (
            text[:index]
            + draw(st.sampled_from(["", "(", ")", "[", "'", '"', "`", "$", "@", "{", "\\"]))
            + text[index + 1 :]
        )


@st.composite
def _mutants(draw: Callable[..., Any]) -> tuple[str, Any]:
    """A document with one to three changes."""
    name, document = draw(st.sampled_from(_documents()))
    document = copy.deepcopy(document)
    for _ in range(draw(st.integers(1, 3))):
        spots = [spot for spot in _spots(document) if spot]
        if spots:
            change = draw(st.sampled_from([_drop, _replace, _misspell, _wrap, _garble, _garble]))
            change(document, draw(st.sampled_from(spots)), draw)
    return name, document


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(mutant=_mutants())
def test_a_changed_policy_is_told_or_harmless(mutant: tuple[str, Any]) -> None:
    """Every problem has a text and, where it has a line, an excerpt; nothing is raised."""
    name, document = mutant
    files = _pack(name)
    head = isinstance(document, dict) and "id" not in document
    dumped = yaml.safe_dump(document, allow_unicode=True).encode("utf-8", "surrogatepass")
    policy = "id: p\ntitle: t\nrequire: {files: a.py}\nmessage: m\n"
    changed = {path: data for path, data in files.items() if not path.startswith("policies/")}
    changed |= {"pack.yaml": dumped, "policies/p.yaml": policy.encode()} if head else {"policies/p.yaml": dumped}
    found = lint([PackFiles("t", changed)], schemas())
    for problem in found.problems:
        assert problem.message
        assert problem.line or not problem.excerpt
