"""A fault of polcheck itself in one stage, over one policy or file: undecided with a notice, and the rest is right."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager as Context
from typing import Any
from unittest import mock

import pytest

from counted import checker, policies
from polcheck.evaluate import outcome
from polcheck.evaluate.context import JoinContext
from polcheck.findings.make import Findings
from polcheck.findings.near_misses import NearMisses
from polcheck.findings.places import Locator
from polcheck.findings.report import Report
from polcheck.policy import templates as template
from polcheck.scan.prefilter import Prefilter
from polcheck.selectors.jmespath.expression import Expression
from polcheck.selectors.syntax.query_set import QuerySet
from polcheck.selectors.text import TextSearch
from polcheck.sources.submission import Submission, of_files

FAULTS = [RuntimeError, MemoryError, RecursionError]
FORBIDS = 'forbid: {files: "*.py", text: nowhere}'
FILES = {"a.py": "eval(1)\n", "b.yaml": "a: [1]\n", "c.py": "x = 'load'\n"}


def _broken(owner: type, name: str, error: type[Exception], where: Callable[..., bool]) -> Context[Any]:
    """Has a method fail where a condition over its arguments holds."""
    whole = getattr(owner, name)

    def faulty(*args: Any, **named: Any) -> Any:
        if where(*args):
            raise error("no luck")
        return whole(*args, **named)

    return mock.patch.object(owner, name, faulty)


def _undecided(report: Report, said: str, *others: str) -> None:
    """The first policy is undecided and told; the others are as they are without the fault; and that is no pass."""
    first, *rest = report.policies
    assert first.outcome == "undecided"
    assert tuple(policy.outcome for policy in rest) == others
    assert report.exit_status == (1 if "fail" in others else 2)
    assert any(said in notice.message and first.ref in notice.policies for notice in report.notices)


@pytest.fixture(params=FAULTS)
def error(request: pytest.FixtureRequest) -> Iterator[type[Exception]]:
    """What goes wrong."""
    yield request.param


def _told(doing: str, error: type[Exception]) -> str:
    return f"{doing} failed: {error.__name__}: no luck"


def test_in_one_search_for_text(error: type[Exception]) -> None:
    """The search of one regular expression fails: the policy that it is of is undecided."""
    judge = checker(policies('forbid: {files: "*.py", text: "nowhere"}', 'forbid: {files: "*.py", text: "eval"}'))
    everywhere = mock.patch.object(Prefilter, "possible", lambda self, source, wanted: list(wanted))
    with everywhere, _broken(TextSearch, "search", error, lambda self, *text: self.regex == "nowhere"):
        _undecided(judge.check(of_files(FILES)), _told("the search", error), "fail")


def test_in_one_search_of_syntax(error: type[Exception]) -> None:
    """The merged search fails whenever one pattern is part of it: the patterns beside it are found all the same."""
    judge = checker(
        policies('forbid: {files: "*.py", pattern: load(...)}', 'forbid: {files: "*.py", pattern: eval(1)}')
    )
    everywhere = mock.patch.object(Prefilter, "possible", lambda self, source, wanted: list(wanted))
    with everywhere, _broken(QuerySet, "search", error, lambda self, tree, wanted: 0 in wanted):
        _undecided(judge.check(of_files(FILES)), _told("the search", error), "fail")


def test_in_one_search_of_data(error: type[Exception]) -> None:
    """One expression fails over one document."""
    judge = checker(policies('forbid: {files: "*.yaml", data: "b"}', 'forbid: {files: "*.yaml", data: "a"}'))
    everywhere = mock.patch.object(Prefilter, "possible", lambda self, source, wanted: list(wanted))
    with everywhere, _broken(Expression, "search", error, lambda self, *values: self.text == "b"):
        _undecided(judge.check(of_files(FILES)), _told("the search", error), "fail")


def test_in_telling_what_can_match(error: type[Exception]) -> None:
    """What decides whether a file is worth a search fails over one file: nothing of it counts as searched."""
    judge = checker(policies(FORBIDS, 'forbid: {files: "c.py", pattern: eval(1)}'))
    with _broken(Prefilter, "possible", error, lambda self, source, wanted: source.path == "a.py"):
        _undecided(judge.check(of_files(FILES)), _told("the search", error), "pass")


@pytest.mark.parametrize("condition", ["file.lines > `3`", "!(file.parsed)", "file.error == 'x'"])
@pytest.mark.parametrize(
    "body",
    [
        'forbid: {{files: "a.py", where: "{0}"}}',
        'forbid: [{{files: "a.py"}}, {{where: "{0}"}}]',
        'require: {{files: "a.py", where: "{0}"}}',
        'for: {{files: "a.py"}}\nrequire: {{where: "{0}"}}',
        'for: {{files: "a.py", where: "{0}"}}\nforbid: {{files: "a.py"}}',
        'forbid: [{{files: "a.py"}}, {{not: {{where: "{0}"}}}}]',
    ],
)
def test_in_working_out_facts(body: str, condition: str) -> None:
    """Without its facts, no condition over them holds or fails in a file."""
    judge = checker(policies(body.format(condition), 'forbid: {files: "c.py", where: "file.lines > `3`"}'))
    whole = mock.patch("polcheck.scan.extractor.facts_of", side_effect=MemoryError("no luck"))
    from polcheck.scan.facts import facts_of as facts

    with whole as broken:
        broken.side_effect = lambda source, careful: (
            facts(source, careful) if source.path == "c.py" else (_ for _ in ()).throw(MemoryError("no luck"))
        )
        _undecided(judge.check(of_files(FILES)), "MemoryError", "pass")


def test_what_the_path_tells_needs_no_facts() -> None:
    """A condition over a file's name is decided though nobody could read it."""
    judge = checker(policies('forbid: {files: "*.py", where: "file.name == \'a.py\'"}'))
    submission = Submission("s", "folder", {"c.py": b""}, {}, {"a.py": "can't be read"})
    assert judge.check(submission).policies[0].outcome == "fail"


@pytest.mark.parametrize(
    "body",
    [
        "forbid: {files: '*.yaml', data: a, as: v, where: \"starts_with(v, 'x')\"}",
        "forbid: {files: '*.yaml', data: a, as: v, let: {w: \"starts_with(v, 'x')\"}, where: w}",
        "forbid: [{files: '{n}.yaml'}, {files: '{n}.yaml', data: a, as: v, where: \"starts_with(v, 'x')\"}]",
        "for: {files: '*.yaml'}\nforbid: {data: a, as: v, where: \"starts_with(v, 'x')\"}",
        "require: {files: '*.yaml', data: a, as: v, where: \"starts_with(v, 'x')\"}",
        "for: {files: '*.yaml', data: a, as: v, where: \"starts_with(v, 'x')\"}\nforbid: {values: [{v: 1}]}",
        "require: [{values: [{u: 1}]}, {not: {files: '*.yaml', data: a, as: v, where: \"starts_with(v, 'x')\"}}]",
    ],
)
def test_in_a_condition_of_a_selector(body: str) -> None:
    """A condition that has no value over some match leaves open whether that is one."""
    report = checker(policies(body, 'forbid: {files: "*.py", pattern: load(1)}')).check(of_files(FILES))
    _undecided(report, "`starts_with` wants string", "pass")


def test_a_condition_without_value_matters_where_it_could_join() -> None:
    """A match that no condition could be evaluated over leaves other names than its own decided."""
    body = "forbid: [{values: [{v: 2}]}, {files: '*.yaml', data: 'a[]', as: v, where: \"starts_with(v, 'x')\"}]"
    (policy,) = checker(policies(body)).check(of_files(FILES)).policies
    assert policy.outcome == "pass"


def test_in_a_condition_that_polcheck_fails_on(error: type[Exception]) -> None:
    """An expression that can't be evaluated for a reason of polcheck's own."""
    body = 'forbid: [{files: "*.yaml", data: "a[]", as: v}, {where: "v > `3`"}]'
    judge = checker(policies(body, 'forbid: {files: "*.py", text: eval}'))
    with _broken(Expression, "evaluate", error, lambda self, *values: self.text.startswith("v")):
        _undecided(judge.check(of_files(FILES)), _told("evaluation", error), "fail")


def test_in_judging_one_policy(error: type[Exception]) -> None:
    """The join of one policy fails."""
    judge = checker(policies(FORBIDS, 'forbid: {files: "*.py", text: eval}'))
    whole = outcome._evaluated

    def judged(policy: Any, evaluator: Any) -> Any:
        if policy.id == "p0":
            raise error("no luck")
        return whole(policy, evaluator)

    with mock.patch.object(outcome, "_evaluated", judged):
        _undecided(judge.check(of_files(FILES)), _told("evaluation", error), "fail")


def test_in_searching_a_bound_text(error: type[Exception]) -> None:
    """A search within a value fails."""
    body = 'forbid: [{files: "*.yaml", data: "a[]", as: v}, {in: v, text: "7"}]'
    with _broken(JoinContext, "_within", error, lambda *args: True):
        judge = checker(policies(body, 'forbid: {files: "*.py", text: eval}'))
        _undecided(judge.check(of_files(FILES)), _told("evaluation", error), "fail")


@pytest.mark.parametrize(
    ("owner", "name"),
    [(Findings, "_finding"), (Locator, "location"), (Locator, "shape"), (NearMisses, "of")],
)
def test_in_telling_the_findings_of_one_policy(owner: type, name: str, error: type[Exception]) -> None:
    """What failed but can't be told is not a pass: its place, its nearest miss, its fingerprint."""
    judge = checker(
        policies('for: {files: "*.py", text: eval}\nrequire: {files: "*.py", text: nowhere}', "forbid: {files: x}")
    )
    with _broken(owner, name, error, lambda *args: True):
        _undecided(judge.check(of_files(FILES)), _told("reporting its findings", error), "pass")


@pytest.mark.parametrize("error", [*FAULTS, BaseException])
def test_in_rendering_a_message(error: type[BaseException]) -> None:
    """A message that can't be rendered is shown as it was written; the finding stands."""
    judge = checker('id: p\ntitle: t\nforbid: {files: "*.py", text: eval}\nmessage: "in {{ path }}"\n')
    environment = mock.Mock(render_str=mock.Mock(side_effect=error("no luck")))
    environment.undeclared_variables_in_str.return_value = {"path"}
    with mock.patch.object(template, "_environment", lambda fuel: environment):
        report = judge.check(of_files(FILES))
    assert [finding.message for finding in report.findings] == ["in {{ path }} (no luck)"]
    assert report.exit_status == 1
