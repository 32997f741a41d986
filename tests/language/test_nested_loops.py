"""Conjunctions against the plainest reference: every row with every other, one item after the other as written."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from pack_files import pack, schemas
from polcheck.base.errors import PolicyError
from polcheck.evaluate.rows import Row
from polcheck.evaluate.scope import Scopes
from polcheck.evaluate.steps import Evaluator
from polcheck.pipeline import Checker
from polcheck.policy.pack import compile_packs
from polcheck.policy.params import Settings
from polcheck.sources.submission import of_files

Item = dict[str, Any]
Bindings = dict[str, Any]

NAMES = ("a", "b", "c")
TABLE = st.lists(
    st.dictionaries(st.sampled_from(NAMES), st.sampled_from(["x", "y", "1", 1, None]), min_size=1, max_size=3),
    min_size=1,
    max_size=5,
)
VALUES = st.builds(lambda rows: {"values": rows}, TABLE)
WHERE = st.builds(
    lambda name, sign, value: {"where": f"{name} {sign} {value}"},
    st.sampled_from(NAMES),
    st.sampled_from(["==", "!="]),
    st.sampled_from(["'x'", "'1'", "`1`"]),
)


def items(depth: int) -> st.SearchStrategy[list[Item]]:
    """One to four items, of which the first has rows; `not` and `any` are nested as deep as that."""
    item: st.SearchStrategy[Item] = st.one_of(VALUES, WHERE)
    if depth:
        inner = items(depth - 1)
        excluded = st.builds(lambda what: {"not": what}, inner)
        united = st.builds(lambda branches: {"any": branches}, st.lists(inner, min_size=2, max_size=3))
        item = st.one_of(VALUES, WHERE, excluded, united)
    return st.builds(lambda first, rest: [first, *rest], VALUES, st.lists(item, max_size=3))


def extended(rows: Sequence[Bindings], steps: Sequence[Item]) -> list[Bindings]:
    """The rows that extend the given ones by all of the items."""
    for item in steps:
        rows = [longer for row in rows for longer in one_more(row, item)]
    return list(rows)


def one_more(row: Bindings, item: Item) -> Iterator[Bindings]:
    """The rows that extend one by an item."""
    if "values" in item:
        names = {name for entry in item["values"] for name in entry}
        for entry in item["values"]:
            if all(equal(row[name], entry.get(name)) for name in names if name in row):
                yield {**{name: entry.get(name) for name in names}, **row}
    elif "where" in item:
        name, sign, literal = item["where"].split()
        value = literal.strip("'") if literal.startswith("'") else 1
        same = row[name] == value and type(row[name]) is type(value)
        if same == (sign == "=="):
            yield row
    elif "not" in item:
        if not extended([row], item["not"]):
            yield row
    else:
        exported = set.intersection(*(bound_by(branch) for branch in item["any"]))
        for branch in item["any"]:
            for longer in extended([row], branch):
                yield {**row, **{name: longer[name] for name in exported}}


def equal(one: Any, other: Any) -> bool:
    """Values are compared as texts; null is equal to nothing."""
    return one is not None and other is not None and str(one) == str(other)


def bound_by(steps: Sequence[Item]) -> set[str]:
    """The names that every row has after some items."""
    names: set[str] = set()
    for item in steps:
        if "values" in item:
            names |= {name for entry in item["values"] for name in entry}
        elif "any" in item:
            names |= set.intersection(*(bound_by(branch) for branch in item["any"]))
    return names


def texts(rows: Sequence[Bindings]) -> set[frozenset[tuple[str, str]]]:
    """Rows as joins compare them."""
    return {frozenset((name, json.dumps(value and str(value))) for name, value in row.items()) for row in rows}


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(items(2))
def test_the_rows_are_those_of_nested_loops(steps: list[Item]) -> None:
    """Whatever is compiled, ordered, indexed and remembered on the way; asked twice, as values are remembered."""
    policy = {"id": "p", "title": "t", "message": "m", "forbid": steps}
    try:
        checker = Checker(compile_packs([pack(json.dumps(policy))], Settings(), schemas()), jobs=1)
    except PolicyError:
        reject()
    context = checker.join_context(of_files({"a.txt": b""}))
    expected = texts(extended([{}], steps))
    for _ in range(2):
        rows = Evaluator(context, Scopes(context, {}, {})).conjunction(checker.plan.policies[0].demand, [Row()]).rows
        assert texts([{name: bound.value for name, bound in row.names.items()} for row in rows]) == expected
