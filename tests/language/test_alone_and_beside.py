"""A policy has the same result, the places of its findings included, alone and beside whatever others there are.

Policies of one pack share what they look for: a search of one may give what only another needs of it, such as the
places of matches in configuration. That makes no difference to the first.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from msgspec import Struct, field
from msgspec.structs import replace

from pack_files import compared, pack
from polcheck.authoring.testing.cases import read_cases
from polcheck.authoring.testing.runner import CaseRunner
from polcheck.findings.report_json import report_to_json
from polcheck.packs.shipped import schemas
from polcheck.pipeline import Checker
from polcheck.policy.pack import compile_packs
from polcheck.policy.params import Settings
from polcheck.policy.plan import CompiledPolicy, Plan, needs_cores, needs_places, probes_of
from polcheck.project.packs import read_pack
from polcheck.selectors.jmespath.expression import Expression
from polcheck.sources.submission import Submission

PACKS = ("airas-base-code", "python-project", "github-workflows", "service")


def marked(plan: Plan, policies: Iterable[CompiledPolicy]) -> Plan:
    """The plan whose searches give what these policies need of them, and no more."""
    wanted = tuple(policies)
    placed = {probe for policy in wanted if needs_places(policy) for probe in probes_of(policy)}
    cores = {probe for policy in wanted if needs_cores(policy) for probe in probes_of(policy)}
    return with_marks(plan, placed, cores)


def with_marks(plan: Plan, placed: Iterable[int], cores: Iterable[int]) -> Plan:
    """The plan whose searches give the places of these of them that look in configuration or code."""
    places_of, cores_of = set(placed), set(cores)
    probes = tuple(
        replace(
            probe,
            places=number in places_of and isinstance(probe.what, Expression),
            cores=number in cores_of and bool(probe.syntaxes),
        )
        for number, probe in enumerate(plan.probes)
    )
    return replace(plan, probes=probes)


def results(checker: Checker, submission: Submission) -> dict[str, Any]:
    """What a report says of each policy, by its id: its result and its findings."""
    report = report_to_json(checker.check(submission, "error"))
    found: dict[str, Any] = {f"{policy['pack']}:{policy['id']}": (policy, []) for policy in report["policies"]}
    for finding in report["findings"]:
        found[f"{finding['pack']}:{finding['policy']}"][1].append(finding)
    return found


class Ways(Struct):
    """The checkers of one plan: as it is, with the places of all that is looked for, and of each policy alone."""

    plan: Plan
    beside: Checker
    amid: Checker
    alone: dict[str, Checker] = field(default_factory=dict)

    @classmethod
    def of(cls, plan: Plan) -> Ways:
        """The ways to judge by a plan."""
        every = range(len(plan.probes))
        return cls(plan, Checker(plan, jobs=1), Checker(with_marks(plan, every, every), jobs=1))

    def of_one(self, policy: CompiledPolicy) -> Checker:
        """The checker of one policy alone."""
        if policy.ref not in self.alone:
            packs = tuple(
                replace(each, policies=tuple(one for one in each.policies if one is policy)) for each in self.plan.packs
            )
            self.alone[policy.ref] = Checker(marked(replace(self.plan, packs=packs), [policy]), jobs=1)
        return self.alone[policy.ref]

    def differences(self, submission: Submission, ids: Iterable[str]) -> Iterator[str]:
        """The policies with another result alone than beside the others, or where all searches give all places."""
        beside, amid = results(self.beside, submission), results(self.amid, submission)
        for policy in self.plan.policies:
            if policy.id not in ids:
                continue
            alone = results(self.of_one(policy), submission)[policy.ref]
            if alone != beside[policy.ref]:
                yield f"{policy.ref}: beside the others"
            if alone != amid[policy.ref]:
                yield f"{policy.ref}: amid all places"


SMALL = {
    "a match inside one part of several": """
        forbid: [{files: "*.yaml", data: "jobs[].{name: name, run: run}"}, {in: run, text: curl}]
    """,
    "a match inside the only part": """
        forbid: [{files: "*.yaml", data: "jobs[].run", as: run}, {in: run, text: curl}]
    """,
    "a match inside a computed part": """
        forbid: [{files: "*.yaml", data: "jobs[].{n: name, both: join(' ', [name, run])}"}, {in: both, text: curl}]
    """,
    "what `at` names was computed": """
        forbid: {files: "*.yaml", data: "jobs[].{kind: 'job', name: name}"}
        at: kind
    """,
    "several matches at one place": """
        for: {files: "*.yaml", data: "[jobs[0], jobs[0]][].{name: name}"}
        require: {files: "*.yaml", data: "none[].{name: name}"}
    """,
    "matches in another order than written": """
        for:
          - {files: "*.yaml", data: "reverse(jobs)[].{kind: kind, name: name}"}
          - per: [kind]
        require: {files: "*.yaml", data: "none[].{kind: kind}"}
    """,
    "a line in the message": """
        forbid: {files: "*.yaml", data: "jobs[].{name: name}"}
        message: "line {{ line }} of {{ path }}"
    """,
    "a match inside a match inside": """
        forbid:
          - {files: "*.yaml", data: "jobs[].{name: name, with: with}"}
          - {in: with, data: "{script: script, mode: mode}"}
          - {in: script, text: curl}
    """,
}
JOBS = """
jobs:
  - name: one
    kind: a
    run: curl x
    with: {script: "curl y", mode: fast}
  - name: two
    kind: a
    run: |
      echo
      curl x
    with: {mode: fast, script: "curl z"}
"""


@pytest.mark.parametrize("small", SMALL)
def test_a_policy_over_configuration_has_the_same_places_beside_one_that_compares_places(small: str) -> None:
    """The same search, whose matches have a place already where another policy asks for it."""
    body = textwrap.dedent(SMALL[small]).strip()
    message = "" if "message:" in body else "\nmessage: wrong"
    plan = compile_packs([pack(f"id: p\ntitle: it is so\n{body}{message}")], Settings(), schemas())
    submission = compared({"a.yaml": JOBS}, None)
    ways = Ways.of(plan)
    assert results(ways.beside, submission)["t:p"][1], "it has findings"
    assert list(ways.differences(submission, {"p"})) == []


def compare(name: str, step: int) -> None:
    """Compare the results of the policies that each case of a pack names, of every `step`-th of its cases."""
    files = read_pack(name)
    runner = CaseRunner(files, schemas())
    ways: dict[str, Ways] = {}
    policies = 0
    for case in read_cases(files, schemas().tests)[::step]:
        if case.setting not in ways:
            ways[case.setting] = Ways.of(runner.checker(case).plan)
        known = ways[case.setting]
        assert list(known.differences(case.submission, case.policies)) == [], case.name
        policies += len(case.policies)
    assert policies, name


@pytest.mark.parametrize("name", PACKS)
def test_policies_of_a_pack_have_the_same_result_alone(name: str) -> None:
    """Those that a sample of its cases are about."""
    compare(name, 50)


@pytest.mark.corpus
@pytest.mark.parametrize("name", PACKS)
def test_policies_of_a_pack_have_the_same_result_alone_in_all_cases(name: str) -> None:
    """Those that the cases are about."""
    compare(name, 1)
