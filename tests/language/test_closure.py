"""Reachability: `closure` gives the pairs of which one can be reached from the other, with a shortest path."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from lint.linting import told
from pack_files import check, judge, one, outcome, pack, places, schemas
from polcheck.base.errors import PolicyError
from polcheck.base.limits import DEFAULT_RUN_LIMITS
from polcheck.pipeline import Checker
from polcheck.policy.pack import compile_packs
from polcheck.policy.params import Settings
from polcheck.sources.submission import of_files

EDGES = '{files: "*.yaml", data: "edges[].{a: a, b: b}", closure: [a, b]}'
MESSAGE = "message: \"{{ a }} {{ b }} {{ via | join('>') }}\""


def edges(*pairs: str) -> str:
    """A file of edges, each written as two letters."""
    return "edges:\n" + "".join(f"  - {{a: {pair[0]}, b: {pair[1]}}}\n" for pair in pairs)


def reached(*pairs: str) -> list[str]:
    """What can be reached from what, over the edges of a file: both ends, and the path."""
    report = judge(f"forbid: {EDGES}\n{MESSAGE}", {"e.yaml": edges(*pairs)})
    return sorted(finding.message for finding in report.findings)


def test_an_end_is_reached_in_one_or_more_steps() -> None:
    """So it reaches itself where it lies on a cycle, and only there."""
    assert reached("xy", "yz") == ["x y x>y", "x z x>y>z", "y z y>z"]
    assert reached("xy", "yx") == ["x x x>y>x", "x y x>y", "y x y>x", "y y y>x>y"]
    assert reached("xx") == ["x x x>x"]


def test_a_path_is_a_shortest_one_and_of_those_the_first_in_order_of_text() -> None:
    """An edge that is written later may lead to a shorter path, but not to another one that is as long."""
    assert "s t s>b>t" in reached("sb", "sa", "at", "bt")
    assert "s t s>a>t" in reached("sa", "sb", "at", "bt")
    assert "s t s>t" in reached("sa", "at", "st")


def test_a_pair_stands_at_the_first_edge_of_its_path() -> None:
    """And each end has the value of its edge, with its type."""
    body = f"forbid: [{EDGES}, {{where: a == `1` && b == `3`}}]\n{MESSAGE}"
    report = judge(body, {"e.yaml": "edges:\n  - {a: 2, b: 3}\n  - {a: 1, b: 2}\n"})
    assert places(report) == ["e.yaml:3:9"]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from("abcdef")), min_size=1, max_size=12))
def test_pairs_and_lengths_are_those_of_the_powers_of_the_relation(graph: list[tuple[str, str]]) -> None:
    """One step, two steps, … until nothing is new: the definition, worked out plainly."""
    lengths = dict.fromkeys(graph, 1)
    for length in range(2, 8):
        for a, b in list(lengths):
            for c, d in graph:
                if b == c:
                    lengths.setdefault((a, d), length)
    found = [text.split() for text in reached(*(a + b for a, b in graph))]
    assert {(a, b): via.count(">") for a, b, via in found} == lengths
    for a, b, via in found:
        ends = via.split(">")
        assert (ends[0], ends[-1]) == (a, b)
        assert set(pairwise(ends)) <= set(graph)


@pytest.mark.parametrize(
    "item",
    [
        "{values: [{a: x, b: y}, {a: y, b: z}], closure: [a, b]}",
        "{values: [{b: x, c: y}, {b: y, c: z}], as: {b: a, c: b}, closure: [a, b]}",
        "{use: steps, closure: [a, b]}",
        "{use: all}",
        "{any: [[{values: [{a: x, q: 1}]}, {values: [{q: 1, b: y}]}], {values: [{a: y, b: z}]}], closure: [a, b]}",
        '{files: "{a}.md", text: "to (?P<b>.)", closure: [a, b]}',
        '{files: "{n}.md", text: "to (?P<to>.)", let: {a: n, b: to}, closure: [a, b]}',
    ],
)
def test_edges_come_from_any_selector(item: str) -> None:
    """Rows in place, a selector with a name, which may hold the closure itself, a list of items, what files hold."""
    head = """
    selectors:
      steps: [{values: [x, y], as: a}, {values: [{a: x, b: y}, {a: y, b: z}]}]
      all: {use: steps, closure: [a, b]}
    """
    report = judge(f"forbid: {item}\n{MESSAGE}", {"x.md": "to y", "y.md": "to z"}, head)
    assert sorted(finding.message for finding in report.findings) == ["x y x>y", "x z x>y>z", "y z y>z"]


def test_a_path_joins_nothing() -> None:
    """Two closures in a list, and one beside an item that binds `via`."""
    twice = EDGES.replace("closure", "name: one, closure") + ", " + EDGES.replace("{a: a, b: b}", "{b: a, c: b}")
    body = f"forbid: [{twice.replace('closure: [a, b]}', 'closure: [b, c]}', 2).replace('[b, c]', '[a, b]', 1)}]"
    report = judge(body + '\nmessage: "{{ a }}{{ b }}{{ c }}"', {"e.yaml": edges("xy", "yz")})
    assert [finding.message for finding in report.findings] == ["xyz"]
    report = judge(f"forbid: [{EDGES}, {{values: [q], as: via}}]\n{MESSAGE}", {"e.yaml": edges("xy")})
    assert outcome(report) == "fail"


def test_edges_that_were_not_found_leave_missing_pairs_open() -> None:
    """What is reached fails, whatever else can't be read; what isn't may be reached over an edge that is there."""
    files = {"e.yaml": edges("xy"), "f.yaml": "edges: [{a: y, b: z\n"}
    assert outcome(judge(f"forbid: [{EDGES}, {{where: b == 'y'}}]", files)) == "fail"
    assert outcome(judge(f"forbid: [{EDGES}, {{where: b == 'z'}}]", files)) == "undecided"
    assert outcome(judge(f"require: [{EDGES}, {{where: b == 'z'}}]", files)) == "undecided"
    assert outcome(judge(f"forbid: [{EDGES}, {{where: b == 'z'}}]", {"e.yaml": edges("xy")})) == "pass"


def test_a_pair_over_an_uncertain_edge_is_uncertain() -> None:
    """An edge that a `not` left where it could not search decides nothing, and what lies behind it neither."""
    edge = '[{files: e.yaml, data: "edges[].{a: a, b: b}"}, {not: {files: "f.yaml", data: "edges[].{a: a}"}}]'
    body = f"forbid: {{any: [{edge}, {{values: [{{a: q, b: r}}]}}], closure: [a, b], where: b == '{{}}'}}"
    files = {"e.yaml": edges("xy", "yz"), "f.yaml": "edges: [{a: y\n"}
    assert outcome(judge(body.replace("{}", "z"), files)) == "undecided"
    assert outcome(judge(body.replace("{}", "r"), files)) == "fail"


def test_time_and_memory_grow_with_the_pairs() -> None:
    """Diamonds in a row have 2^n paths, and a chain paths of every length: neither is walked path by path."""
    diamonds = [pair for n in range(40) for pair in ((n, f"{n}l"), (n, f"{n}r"), (f"{n}l", n + 1), (f"{n}r", n + 1))]
    chain = [(f"c{n}", f"c{n + 1}") for n in range(100)]
    text = "edges:\n" + "".join(f"  - {{a: '{a}', b: '{b}'}}\n" for a, b in diamonds + chain)
    began = time.perf_counter()
    report = judge(f"forbid: [{EDGES}, {{where: \"a == '0' && b == '40'\"}}]\n{MESSAGE}", {"e.yaml": text})
    assert [finding.message.count(">") for finding in report.findings] == [80]
    assert time.perf_counter() - began < 15


def test_what_walks_too_far_is_undecided() -> None:
    """The limit `pairs` counts every edge that is walked."""
    text = "edges:\n" + "".join(f"  - {{a: {n}, b: {n + 1}}}\n" for n in range(100))
    plan = compile_packs([pack(one(f"forbid: [{EDGES}, {{where: a == b}}]"))], Settings(), schemas())
    limits = replace(DEFAULT_RUN_LIMITS, pairs=3_000)
    report = Checker(plan, jobs=1, limits=limits).check(of_files({"e.yaml": text.encode()}))
    assert outcome(report) == "undecided"
    assert any("`pairs`" in reason for _, reason in report.policies[0].reasons)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("forbid: {values: [{a: x, b: y}], closure: [a, c]}", "`c` is never bound"),
        ("forbid: {values: [{a: x, b: y}], closure: [a, a]}", "`closure` needs the names of two ends"),
        ("forbid: {values: [{a: x, b: y}], closure: [a]}", "`closure` takes at least 2 entries, not 1"),
        ("forbid: {not: {values: [{a: x, b: y}]}, closure: [a, b]}", "`closure` does not apply here"),
        ("forbid: [{values: [{a: x, b: y}], closure: [a, b]}, {in: via, text: x}]", "`via` is never bound"),
        ("forbid: [{values: [{a: x, b: y, c: z}], closure: [a, b], where: c}]", "`c` is never bound"),
        ("for: {files: a}\nforbid: {values: [{a: x, b: y}], near: 3, closure: [a, b]}", "`near` has no effect beside"),
    ],
)
def test_a_closure_of_nothing_is_refused(body: str, message: str) -> None:
    """With what is wrong, where it is written."""
    with pytest.raises(PolicyError) as refused:
        judge(body, {"a": "x"})
    assert message in str(refused.value)


def test_a_closure_is_of_version_2() -> None:
    """A pack of version 1 is told so."""
    with pytest.raises(PolicyError) as refused:
        check(one(f"forbid: {EDGES}"), {"e.yaml": "a: 1"}, "language: 1\n")
    assert "`language: 2`" in str(refused.value)


def test_a_path_that_is_read_is_no_unused_name() -> None:
    """`validate` leaves it alone."""
    assert not [line for line in told(f"forbid: {EDGES}\n{MESSAGE}") if "used" in line]


def test_a_finding_stays_the_same_when_the_way_changes() -> None:
    """Its fingerprint is of both ends, not of what lies between them."""
    body = f"forbid: [{EDGES}, {{where: a == 's' && b == 't'}}]\n{MESSAGE}"
    one_way, other = (judge(body, {"e.yaml": edges(*pairs)}) for pairs in (("sa", "at"), ("sb", "bc", "ct")))
    assert one_way.findings[0].message != other.findings[0].message
    assert one_way.findings[0].fingerprint == other.findings[0].fingerprint


def test_a_pair_with_a_name_has_its_place_and_path() -> None:
    """Whatever comes after it, as a match of configuration that has a name does."""
    body = f"forbid: [{EDGES[:-1]}, name: hop}}, {{files: l.txt, text: z}}, {{where: hop.b == 'z'}}]"
    report = judge(body + '\nmessage: "{{ hop.line }} {{ hop.via }}"', {"e.yaml": edges("xy", "yz"), "l.txt": "z"})
    assert [finding.message for finding in report.findings] == ['2 ["x", "y", "z"]', '3 ["y", "z"]']
