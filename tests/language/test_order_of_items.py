"""Selectors of a conjunction may stand in any order: evaluation takes the best one, and the result is the same."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import permutations
from typing import Any, NamedTuple
from unittest import mock

import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from pack_files import check, judge, outcome, pack, places, schemas
from polcheck.base.errors import PolicyError
from polcheck.evaluate.context import JoinContext
from polcheck.evaluate.rows import BoundValue, Row, SourceRef
from polcheck.evaluate.scope import Scopes
from polcheck.evaluate.steps import Evaluator
from polcheck.formats.values import text_of
from polcheck.pipeline import Checker
from polcheck.policy.pack import compile_packs
from polcheck.policy.params import Settings
from polcheck.policy.plan import Conjunction
from polcheck.sources.submission import of_files

Item = dict[str, Any]
SETTINGS = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)
FILES = {
    "src/x.py": b"import z\ncall(x, y)\ndef z():\n    call(y, 'x')\n    return x\n",
    "src/y.py": b"call(z)\nx = 'z'\n",
    "conf/x.yaml": b"rows: [{a: x, b: y}, {a: y, b: z}, {a: 1, b: null}]\n",
    "conf/y.yaml": b"rows: [{a: z, b: x}, {a: x, b: 'x y'}]\nscript: x=y\n",
    "notes/x.txt": b"x=y y=z\nz=x 1=x\n",
}
SELECTORS: tuple[Item, ...] = (
    {"files": "src/{a}.py"},
    {"files": "src/{a}.py", "code": "(identifier) @b"},
    {"files": "src/*.py", "code": "(identifier) @a"},
    {"files": "src/*.py", "pattern": "call($a, $b)", "name": "it"},
    {"files": "src/{c}.py", "pattern": "call($a, ...)"},
    {"files": "conf/{b}.yaml", "data": "rows[].{a: a, c: b}"},
    {"files": "conf/*.yaml", "data": "rows[].{a: a, b: b}", "where": "b != 'z'"},
    {"files": "conf/*.yaml", "data": "rows[].b", "as": "c"},
    {"files": "notes/*.txt", "text": r"(?P<b>\w)=(?P<c>\w)"},
    {"values": [{"a": "x", "b": "y"}, {"a": "y", "b": "x"}]},
    {"values": ["x", "z", 1], "as": "c"},
    {"values": [{"a": "x", "b": "y"}, {"a": "z"}]},
    {"any": [{"files": "src/{a}.py"}, {"files": "conf/*.yaml", "data": "rows[].a", "as": "a"}]},
    {
        "any": [
            {"files": "src/*.py", "code": "(string) @b"},
            [{"values": [{"b": "x", "c": "y"}]}, {"where": "b == 'x'"}],
        ]
    },
    {"any": [{"files": "src/{c}.py"}, {"files": "notes/{c}.txt"}], "as": "b"},
    {"code": "(call) @d"},
    {"code": "(identifier) @c", "scope": "file"},
    {"pattern": "call($c, ...)", "near": 1},
    {"use": "pairs"},
    {"use": "pairs", "as": {"a": "c"}},
)
ABOUT: tuple[Item, ...] = (
    {"where": "a != 'y'"},
    {"where": "line > `1`"},
    {"where": "path != 'src/y.py'"},
    {"where": "subject.line == `1`"},
    {"where": "b == c"},
    {"where": "it.line == line"},
    {"let": {"d": "upper(to_string(a))"}},
    {"let": {"c": "b"}},
    {"not": {"files": "src/{b}.py"}},
    {"not": {"values": ["x"], "as": "c"}},
    {"not": [{"files": "conf/*.yaml", "data": "rows[].{b: b, e: a}"}, {"where": "e == 'x'"}]},
    {"inside": {"code": "(function_definition)"}},
    {"has": {"code": "(identifier) @c"}},
    {"not": {"inside": {"pattern": "call(...)"}}},
    {"inside": "subject"},
    {"is": {"code": "(identifier) @c"}},
    {"inside": {"code": "(call)"}, "of": "b"},
    {"not": {"is": "it"}},
    {"after": "subject", "of": "a"},
    {"in": "b", "text": "(?P<c>.)", "near": 2},
    {"in": "a", "language": "python", "code": "(identifier) @c", "is": {"code": "(identifier)"}},
    {"after": "a"},
    {"in": "b", "text": "(?P<c>.)"},
    {"in": "a", "text": "(?P<e>.)"},
    {"any": [{"in": "b", "text": "(?P<e>x)"}, {"where": "b == 'y'"}]},
    {"any": [{"inside": {"code": "(call)"}}, {"where": "a == 'x'"}]},
)
HEAD = "selectors:\n  pairs: [{files: 'conf/*.yaml', data: 'rows[].{a: a, b: b}'}, {files: 'src/{a}.py'}]\n"


class Parts(NamedTuple):
    """A policy as what is evaluated."""

    subjects: Conjunction
    demand: Conjunction
    context: JoinContext

    def rows(self, *, as_written: bool = False) -> list[Row]:
        """The rows of the policy, from the best order or as written; subjects as written."""
        evaluator = Evaluator(self.context, Scopes(self.context, {}, {}))
        evaluator.journal = lambda *_: None
        subjects = evaluator.conjunction(self.subjects, [Row()]).rows
        if not as_written:
            evaluator.journal = None
        numbered = [row.but(origin=number) for number, row in enumerate(subjects)]
        return evaluator.conjunction(self.demand, numbered).rows


def compiled(items: Sequence[Item], subjects: Sequence[Item] = ()) -> Parts:
    """A policy that forbids some items, for some subjects."""
    policy = {"id": "p", "title": "t", "message": "m", "forbid": list(items)}
    policy |= {"for": list(subjects)} if subjects else {}
    checker = Checker(compile_packs([pack(json.dumps(policy), HEAD)], Settings(), schemas()), jobs=1)
    plan = checker.plan.policies[0]
    return Parts(plan.subjects or (), plan.demand, checker.join_context(of_files(FILES)))


def shown(rows: Sequence[Row]) -> list[str]:
    """All that anybody can see of rows, sorted."""
    return sorted(
        repr(
            (
                [(name, _value(bound)) for name, bound in sorted({**row.names, **row.shown}.items())],
                [_place(place) for place in row.places],
                row.current and _place(row.current),
                (row.certain, row.origin),
                [(name, [_place(place) for place in one.places]) for name, one in sorted(row.aliases.items())],
            )
        )
        for row in rows
    )


def _value(bound: BoundValue) -> object:
    return bound.value, bound.path, bound.span, bound.ref, bound.inner and bound.inner.identity


def _place(place: SourceRef) -> object:
    return (*place[:4], place.inner and place.inner.identity, place.weight)


@st.composite
def conjunctions(draw: st.DrawFn) -> list[Item]:
    """Two to four selectors, and conditions among them that are about one of them, or what comes of them."""
    items = draw(st.lists(st.sampled_from(SELECTORS), min_size=2, max_size=4))
    for _ in range(draw(st.integers(0, 3))):
        items.insert(draw(st.integers(1, len(items))), draw(st.sampled_from(ABOUT)))
    return items


@SETTINGS
@given(conjunctions(), st.integers(0, 2), st.randoms(use_true_random=False))
def test_every_order_that_the_text_allows_gives_the_same_rows(items: list[Item], subjects: int, random: Any) -> None:
    """Values, places, the last match, names of matches and certainty, whichever step of those that may be next is."""
    try:
        policy = compiled(items[subjects:], items[:subjects])
    except PolicyError:
        reject()
    expected = shown(policy.rows(as_written=True))
    assert shown(policy.rows()) == expected
    with mock.patch.object(Evaluator, "_cheapest", lambda self, steps, bindings, ready, *_: random.choice(ready)):
        assert shown(policy.rows()) == expected


ANYWHERE = [item for item in SELECTORS if "scope" not in item and "near" not in item and item != {"code": "(call) @d"}]
BROKEN = {"conf/z.yaml": b"rows: [{\n", "src/z.py": b"call(x, y\ndef (\n"}


@settings(SETTINGS, max_examples=50)
@given(
    st.lists(st.sampled_from(ANYWHERE), min_size=2, max_size=3), st.sampled_from(["forbid", "require"]), st.booleans()
)
def test_selectors_in_another_order_mean_the_same(items: list[Item], keyword: str, broken: bool) -> None:
    """The same outcome, whatever can't be searched, and the same bindings and places in the rows."""
    policies = [
        {"id": f"p{number}", "title": "t", "message": "m", keyword: list(order)}
        for number, order in enumerate(permutations(items))
    ]
    files = FILES | BROKEN if broken else FILES
    try:
        report = check("---\n".join(f"{json.dumps(one)}\n" for one in policies), files, HEAD)
    except PolicyError:
        reject()
    assert len({policy.outcome for policy in report.policies}) == 1
    rows = [compiled(order).rows() for order in permutations(items)]
    assert len({frozenset(map(_unordered, one)) for one in rows}) == 1


def _unordered(row: Row) -> object:
    return frozenset((name, bound.key) for name, bound in row.names.items()), frozenset(
        (place.path, place.span, place.ref and place.ref.match)  # NOTE: probes are numbered as they are written
        for place in row.places
    )


def test_the_limit_counts_what_a_good_order_makes() -> None:
    """Two wide selectors that share nothing, and a narrow one that ties them: no order is over the limit `rows`."""
    wide = "rows: [" + ", ".join(f"{{a: a{n}}}" for n in range(2_000)) + "]\n"
    files = {"a.yaml": wide, "b.yaml": wide, "c.yaml": "rows: [{a: a7, b: a8}, {a: a9, b: none}]\n"}
    items = [
        {"files": "a.yaml", "data": "rows[].a", "as": "a"},
        {"files": "b.yaml", "data": "rows[].a", "as": "b"},
        {"files": "c.yaml", "data": "rows[].{a: a, b: b}"},
    ]
    policies = [
        {"id": f"p{number}", "title": "t", "message": "{{ a }} {{ b }}", "forbid": list(order)}
        for number, order in enumerate(permutations(items))
    ]
    report = check("---\n".join(f"{json.dumps(one)}\n" for one in policies), files)
    assert [policy.outcome for policy in report.policies] == ["fail"] * 6
    assert {finding.message for finding in report.findings} == {"a7 a8"}


@pytest.mark.parametrize("first", [0, 1])
def test_what_the_order_means_stays(first: int) -> None:
    """`line` is that of the last selector as written, and the finding is at the first."""
    items = ["- {files: a.py, pattern: '$x = 1'}", "- {files: b.py, pattern: use($x)}"]
    text = "\n".join([items[first], items[1 - first], "- {where: line > `1`}"])
    files = {"a.py": "\nx = 1\ny = 1\n", "b.py": "use(x)\nuse(y)\n"}
    report = judge(f"forbid:\n{text}\nmessage: '{{{{ line }}}}'", files)
    assert places(report) == (["a.py:3:1"] if first == 0 else ["b.py:1:1", "b.py:2:1"])


def test_a_bound_document_is_written_out_once() -> None:
    """However many rows it is bound in, and whatever is searched inside it."""
    files = {"w.yaml": "on: push\njobs: [" + ", ".join(f"{{name: j{n}}}" for n in range(200)) + "]\n"}
    with mock.patch("polcheck.evaluate.rows.text_of", wraps=text_of) as written:
        report = judge(
            """
            forbid:
              - {files: w.yaml, data: "{on: on, jobs: jobs}"}
              - {in: jobs, data: "[].name", as: name}
              - {in: jobs, data: "[].name", as: name}
              - where: "on == name"
            """,
            files,
        )
    assert outcome(report) == "pass"
    assert sum(isinstance(call.args[0], list) for call in written.call_args_list) == 1
