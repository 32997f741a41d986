"""Functions over structure that the JMESPath standard lacks: what stands below a value, and what it holds."""

from __future__ import annotations

from typing import NamedTuple

from polcheck.documents.config import Json, Pointer
from polcheck.selectors.jmes.signature import Table
from polcheck.selectors.jmes.standard import holds
from polcheck.selectors.jmes.values import Budget, equal, frozen

BELOW = Table()
ROW_KEYS = ("key", "value", "pointer")


class Step(NamedTuple):
    """A value below another: the way to it, the same as RFC 6901 writes it, and itself."""

    way: Pointer
    text: str
    value: Json


@BELOW.add("leaves(value: any) -> array", spends=True, own=True)
def _leaves(budget: Budget, value: Json) -> Json:
    """A row `{key, value, pointer}` for every scalar below the value, in order; of a scalar, for itself
    (`key` is null). `key` is the last step of the way, a number for an element of a list; `pointer` is the
    whole way from the value as RFC 6901 writes it."""
    return [row(step) for step in below(budget, value, leaves_only=True)]


@BELOW.add("nodes(value: any) -> array", spends=True, own=True)
def _nodes(budget: Budget, value: Json) -> Json:
    """The same rows as `leaves`, for every value below: objects and lists too, before what they hold."""
    return [row(step) for step in below(budget, value, leaves_only=False)]


@BELOW.add("entries(value: object|array) -> array", own=True)
def _entries(value: dict[str, Json] | list[Json]) -> Json:
    """A row as of `leaves` for each entry of this object or element of this list, whatever it holds; none below it."""
    return [row(step) for step in direct(value)]


@BELOW.add("includes(value: any, item: any) -> boolean", spends=True, own=True)
def _includes(budget: Budget, value: Json, item: Json) -> Json:
    """Whether the object has that key, or the list that element; of anything else, whether it is that."""
    if isinstance(value, dict):
        return isinstance(item, str) and item in value
    if isinstance(value, list):
        return holds(value, item, budget)
    return equal(value, item, budget)


@BELOW.add("unique(list: array) -> array", spends=True, own=True)
def _unique(budget: Budget, items: list[Json]) -> Json:
    """The list without the elements that are equal to an earlier one."""
    return [items[index] for index in first_of_each(budget, items)]


def row(step: Step) -> dict[str, Json]:
    """The row that says where a value stands."""
    return {"key": step.way[-1] if step.way else None, "value": step.value, "pointer": step.text}


def direct(value: Json, way: Pointer = (), text: str = "") -> list[Step]:
    """The entries of an object or the elements of a list that stands at `way`; nothing for a scalar."""
    if isinstance(value, dict):
        return [Step((*way, key), f"{text}/{_escaped(key)}", item) for key, item in value.items()]
    if isinstance(value, list):
        return [Step((*way, index), f"{text}/{index}", item) for index, item in enumerate(value)]
    return []


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


def below(budget: Budget, value: Json, leaves_only: bool) -> list[Step]:
    """Every value below, or a scalar itself, in the order of the document. Raises LimitError."""
    found: list[Step] = []
    pending = [Step((), "", value)]
    while pending:
        step = pending.pop()
        if not isinstance(step.value, (dict, list)):
            found.append(step)
            continue
        # NOTE: the way is copied for each step, so a deep one costs more.
        budget.spend(len(step.value) * (1 + len(step.way) // 16))
        pending += reversed(direct(step.value, step.way, step.text))
        if step.way and not leaves_only:
            found.append(step)
    return found


def first_of_each(budget: Budget, items: list[Json]) -> list[int]:
    """The index of the first of each run of equal elements."""
    budget.tree(items)
    seen: dict[object, int] = {}
    for index, item in enumerate(items):
        seen.setdefault(frozen(item), index)
    return list(seen.values())
