"""Steps and sources of a plan: each answers for itself, and nobody who works on them forgets a class or a modifier."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from inspect import isabstract
from typing import Any

import pytest
import yaml

from pack_files import ROOT, compared, judge, one, outcome, pack, schemas
from polcheck.authoring.explain import steps as explain_steps
from polcheck.authoring.explain.policy import explain
from polcheck.authoring.lint import lint
from polcheck.authoring.mutants.operators import mutants
from polcheck.authoring.testing import coverage
from polcheck.authoring.testing.pack_source import PackSource
from polcheck.evaluate import steps as evaluate_steps
from polcheck.findings import near_misses
from polcheck.pipeline import Checker
from polcheck.policy import gates
from polcheck.policy.model import MODIFIED_BY, Item
from polcheck.policy.name_usage import binders
from polcheck.policy.pack import compile_packs
from polcheck.policy.params import Settings
from polcheck.policy.plan import (
    SOURCES,
    STEPS,
    CompiledPolicy,
    Modifiers,
    Plan,
    Source,
    Step,
    every_step,
    handlers,
    usages_of,
)
from polcheck.sources.submission import of_files

FILES = {"a.py": "x = f(k)\n\n\ng(k)\nh(k)\n", "b.py": "g(k)\n", "c.yaml": "run: 'f k'\nkeys: [k, q]\n"}
# for each class of steps and of sources a policy that has it
POLICIES: Mapping[str, str] = {
    "Join": 'forbid: {files: "*.py", pattern: f($k)}',
    "SearchInValue": 'forbid: [{files: c.yaml, data: run, as: run}, {in: run, text: "(?P<k>k)", where: "k"}]',
    "Union": 'forbid: {any: [{files: "*.py", pattern: f($k)}, {files: "*.py", pattern: h($k)}]}',
    "AntiJoin": 'forbid: [{files: "*.py", pattern: g($k)}, {not: {files: "*.py", pattern: f($k)}}]',
    "Where": 'forbid: {files: "*.py", pattern: g($k), where: "line > `1`"}',
    "Let": 'forbid: [{files: "*.py", pattern: g($k), let: {at: "line"}}, {where: "at > `1`"}]',
    "SpanFilter": 'forbid: {files: "*.py", code: "(call) @c", inside: {code: "(assignment) @_"}}',
    "Find": 'forbid: {files: "*.py", pattern: f($k)}',
    "Listing": 'forbid: {files: "{k}.py", where: "k == \'a\'"}',
    "Values": 'forbid: [{values: [k, q], as: k}, {files: "*.py", pattern: g($k)}]',
    "SelectorRef": "forbid: {use: calls}",
    "Closure": 'forbid: {files: "{caller}.py", pattern: g($k), closure: [caller, k]}',
}
HEAD = 'selectors:\n  calls: {files: "*.py", pattern: g($k)}\n'
# for each modifier a policy without and with it: what it says of FILES differs
MODIFIED: Mapping[str, tuple[str, str]] = {
    "renames": (
        'forbid: [{files: "*.py", pattern: f($k)}, {files: "*.py", pattern: h($q), where: "q != \'k\'"}]',
        'forbid: [{files: "*.py", pattern: f($k)}, {files: "*.py", pattern: h($q), as: {q: k}}]',
    ),
    "value_as": (
        'forbid: [{files: "*.py", pattern: f($k)}, {files: c.yaml, data: "keys[0]", where: "`false`"}]',
        'forbid: [{files: "*.py", pattern: f($k)}, {files: c.yaml, data: "keys[0]", as: k}]',
    ),
    "optional": (
        "forbid: [{values: [{a: '1', b: '3'}, {a: '2', b: '9'}]}, {values: [{b: '3'}]}]",
        "forbid: [{values: [{a: '1'}, {a: '2', b: '9'}]}, {values: [{b: '3'}]}]",
    ),
    "own": (
        'forbid: [{files: "*.py", pattern: "f($k)"}, {files: b.py, pattern: "g($k)", where: "`false`"}]',
        'forbid: [{files: "*.py", pattern: "f($k)"}, {files: b.py, pattern: "g($k)", where: "line == `1`"}]',
    ),
    "name": (
        'forbid: [{files: "*.py", pattern: "f($k)"}, {files: b.py, pattern: "g($k)"}, {where: "path == \'a.py\'"}]',
        'forbid: [{files: "*.py", pattern: "f($k)", name: one}, {files: b.py, pattern: "g($k)"}, '
        "{where: \"one.path == 'a.py'\"}]",
    ),
    "scope": (
        'for: {files: b.py, pattern: g($k)}\nrequire: {files: "*.py", pattern: f($k)}',
        'for: {files: b.py, pattern: g($k)}\nrequire: {files: "*.py", pattern: f($k), scope: file}',
    ),
    "near": (
        "for: {files: a.py, pattern: f($k)}\nrequire: {pattern: g($k)}",
        "for: {files: a.py, pattern: f($k)}\nrequire: {pattern: g($k), near: 1}",
    ),
    "revision": ("forbid: {files: b.py, pattern: g($k)}", "forbid: {files: b.py, pattern: g($k), revision: base}"),
    "changed": ("forbid: {files: a.py, pattern: g($k)}", "forbid: {files: a.py, pattern: g($k), changed: modified}"),
    "constant": (
        "forbid: {files: a.py, pattern: '$k(...)'}",
        "forbid: {files: a.py, pattern: '$k(...)', constant: k}",
    ),
    "dynamic": (
        "forbid: {files: a.py, pattern: '$k(...)', constant: k}",
        "forbid: {files: a.py, pattern: '$k(...)', constant: k, dynamic: undecided}",
    ),
}
BASE = {**FILES, "b.py": "x = 1\n"}  # what FILES are compared with


def plan_of(body: str) -> Plan:
    """The plan of one policy."""
    return compile_packs([pack(one(body), HEAD)], Settings(), schemas())


def policy_of(body: str) -> CompiledPolicy:
    """One policy, compiled."""
    (policy,) = plan_of(body).policies
    return policy


def steps_of(name: str) -> Iterator[Step]:
    """The steps of the policy that has a class of steps or of sources, of that class."""
    for step in every_step(policy_of(POLICIES[name])):
        if type(step).__name__ == name or (step.join is step and type(step.join.source).__name__ == name):
            yield step


@pytest.mark.parametrize("base, listed", [(Step, STEPS), (Source, SOURCES)])
def test_every_class_is_listed_and_answers_everything(base: type, listed: tuple[type, ...]) -> None:
    """Nothing abstract is left, and each has a policy in this file."""
    assert set(base.__subclasses__()) == set(listed)
    for each in listed:
        left = [name for name in dir(base) if getattr(getattr(each, name, None), "__isabstractmethod__", False)]
        assert not left and not isabstract(each)
        assert list(steps_of(each.__name__)), f"no policy of this file has a {each.__name__}"


@pytest.mark.parametrize(
    "table, classes",
    [
        (evaluate_steps._COMPILE, STEPS),
        (evaluate_steps._ROWS, SOURCES),
        (gates._AFTER, STEPS),
        (near_misses._CLOSEST, SOURCES),
        (near_misses._ROWS, SOURCES),
        (explain_steps._SELECTED, SOURCES),
    ],
)
def test_every_table_has_every_class(table: Mapping[type, Any], classes: tuple[type, ...]) -> None:
    """What is done with steps is said of each class of them."""
    assert table.keys() == set(classes)


def test_a_table_that_lacks_a_class_is_refused() -> None:
    """As it is made, which is when its module is imported."""
    table = dict.fromkeys(STEPS, print)
    assert handlers(table) is table
    with pytest.raises(TypeError, match="nothing says what to do with Union"):
        handlers({each: print for each in STEPS if each.__name__ != "Union"})


@pytest.mark.parametrize("name", POLICIES)
def test_every_consumer_takes_every_class(name: str) -> None:
    """Evaluation, explain, validate, name usage, gates, coverage and mutation."""
    body = POLICIES[name]
    assert outcome(judge(body, FILES, HEAD)) == "fail" if name != "AntiJoin" else "pass"
    plan, files = plan_of(body), pack(one(body), HEAD)
    explained = explain(Checker(plan), "p", of_files(FILES), [files], None)
    told = {words for part in explained.parts for step in part.steps for words in _words(step)}
    assert not lint([files], schemas()).of("error")
    pages = PackSource(files)
    for step in steps_of(name):
        assert step.kind(plan.probes) in {kind for kind, _ in told}
        assert set(step.words(plan.probes)) <= {word for _, words in told for word in words}
        assert usages_of(((step,),)) == step.usages >= step.reads
        assert step.key() == next(steps_of(name)).key() and hash(step.key())
    assert list(binders(policy_of(body)))
    searched = [step.search.probe for step in every_step(policy_of(body)) if step.search]
    assert gates.gates_of(plan).keys() == set(searched)
    assert coverage.points(policy_of(body), pages)
    assert list(mutants("p", yaml.safe_load(one(body))))


def _words(step: Any) -> Iterator[tuple[str, Any]]:
    yield step.kind, step.words
    for branch in step.below:
        for inner in branch.steps:
            yield from _words(inner)


@pytest.mark.parametrize("name", Modifiers.__struct_fields__)
def test_every_modifier_is_honored_everywhere(name: str) -> None:
    """It changes what a policy says, what tells two policies apart, what explain shows, and has mutants."""
    without, given = MODIFIED[name]
    assert outcome(judge(without, FILES, base=BASE)) != outcome(judge(given, FILES, base=BASE))
    steps = list(every_step(policy_of(given)))
    assert any(
        getattr(step.item_modifiers, name) != getattr(Modifiers(), name) for step in steps if step.item_modifiers
    )
    if name not in ("optional", "own", "name", "renames", "value_as"):
        submission = compared(FILES, BASE)
        explained = explain(Checker(plan_of(given)), "p", submission, [pack(one(given), HEAD)], None)
        keywords = {key for part in explained.parts for step in part.steps for _, w in _words(step) for key, _ in w}
        assert name in keywords
        assert name in MODIFIED_BY and name in Item.__struct_fields__
        assert any(change.at[-1] == name for change in mutants("p", yaml.safe_load(one(given))))
        assert [step.key() for step in steps] != [step.key() for step in every_step(policy_of(without))]


def test_numbers_tell_the_steps_of_a_plan_apart_and_stay() -> None:
    """Each step has its own, over all policies; the same packs compiled again give the same ones."""
    text = "\n---\n".join(one(body).replace("id: p", f"id: {name.lower()}") for name, body in POLICIES.items())
    first, second = (compile_packs([pack(text, HEAD)], Settings(), schemas()) for _ in range(2))
    steps = [step for policy in first.policies for step in every_step(policy)]
    assert len({step.number for step in steps}) == len(steps) > len(POLICIES)
    assert [step.number for step in steps] == [step.number for p in second.policies for step in every_step(p)]


def test_nothing_outside_the_plan_asks_for_the_class_of_a_step() -> None:
    """What somebody has to know of a step is asked of it, or stands in a table by class."""
    names = {each.__name__ for each in (*STEPS, *SOURCES)}
    found: list[str] = []
    for path in sorted((ROOT / "engine" / "polcheck").rglob("*.py")):
        text = path.read_text("utf-8")
        if "policy.plan import" not in text:
            continue
        tree = ast.parse(text)
        imported = {
            alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.module == "polcheck.policy.plan"
            for alias in node.names
        } & names
        calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call) and len(node.args) == 2)
        for call in (node for node in calls if getattr(node.func, "id", "") == "isinstance"):
            if {inner.id for inner in ast.walk(call.args[1]) if isinstance(inner, ast.Name)} & imported:
                found.append(f"{path.name}:{call.lineno}")
    assert found == []
