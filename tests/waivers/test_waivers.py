"""What waivers and overrides do to findings, and what is said of those that do nothing."""

from __future__ import annotations

from datetime import date

import pytest

from polcheck.findings.report import Report
from polcheck.findings.report_json import report_from_json, report_to_json
from polcheck.project.effective import CommandLineOptions
from polcheck.project.project import Project
from trees import Tree

PACKS = "packs: [packs/ours]\n"
TODAY = date(2026, 6, 15)


def judged(today: date = TODAY, target: str = ".", **given: object) -> Report:
    project = Project.at(target, CommandLineOptions(today=today, **given))  # type: ignore[arg-type]
    return project.checker.check(project.read(), "error", accept=project.acceptance())


def failing(report: Report) -> list[str]:
    return [f"{finding.policy} {finding.location}" for finding in report.failing]


def notices(report: Report) -> list[str]:
    return [f"{notice.location}: {notice.message}" for notice in report.notices if notice.kind == "waiver"]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("print(1)  # polcheck: ignore[no-print] ok\n", []),
        ("# polcheck: ignore[no-print] ok\nprint(1)\n", []),
        ("# polcheck: ignore[no-print] ok\n# more\nprint(1)\n", []),
        ("# polcheck: ignore[ours:no-print] ok\nprint(1)\n", []),
        ("# polcheck: ignore[no-eval, no-print] ok\nprint(eval('1'))\n", []),
        ("# polcheck:ignore[no-print]: ok\nprint(1)\n", []),
        ("# polcheck: ignore[no-print] ok\n\nprint(1)\n", ["no-print a.py:3:1"]),
        ("x = 1  # polcheck: ignore[no-print] ok\nprint(1)\n", ["no-print a.py:2:1"]),
        ("print(1)\n# polcheck: ignore[no-print] ok\n", ["no-print a.py:1:1"]),
        ("# polcheck: ignore[no-eval] ok\nprint(1)\n", ["no-print a.py:2:1"]),
        ("# polcheck: ignore[no-print]\nprint(1)\n", ["no-print a.py:2:1"]),
        ("# polcheck: ignore ok\nprint(1)\n", ["no-print a.py:2:1"]),
        ("# polcheck: ignored[no-print] ok\nprint(1)\n", ["no-print a.py:2:1"]),
        ("'# polcheck: ignore[no-print] ok'\nprint(1)\n", ["no-print a.py:2:1"]),
    ],
)
def test_a_comment_waives_its_line_or_the_next(tree: Tree, text: str, left: list[str]) -> None:
    """With a policy and a reason, on the line of the finding, or alone on the one above."""
    tree({"a.py": text})
    assert failing(judged()) == left


def test_a_waived_finding_stays_in_the_report(tree: Tree) -> None:
    """It keeps its place and says why, who and where; the policy passes, the verdict too."""
    tree({"a.py": "print(1)  # polcheck: ignore[no-print] a demo\n"})
    report = judged()
    (finding,) = report.findings
    assert finding.waived is not None
    assert (finding.waived.kind, finding.waived.reason) == ("inline", "a demo")
    assert str(finding.waived.location) == "a.py:1:13"
    assert {policy.id: policy.outcome for policy in report.policies} == {"no-print": "pass", "no-eval": "pass"}
    assert report.verdict == "pass" and report_from_json(report_to_json(report)) == report


def test_a_comment_at_the_top_waives_what_concerns_the_whole_file(tree: Tree) -> None:
    """A finding without a line is waived by a comment before anything else in the file."""
    policies = 'id: no-old\ntitle: t\nforbid: {files: "old/*.py"}\nmessage: old\n'
    files = {
        "packs/ours/policies/q.yaml": policies,
        "old/a.py": "#!/usr/bin/env python\n\n# polcheck: ignore[no-old] goes next month\nx = 1\n",
        "old/b.py": "x = 1\n# polcheck: ignore[no-old] too late\n",
    }
    tree(files)
    report = judged()
    assert failing(report) == ["no-old old/b.py"]
    assert notices(report) == ["old/b.py:2:3: unused waiver of `no-old`: remove it"]


def test_comments_that_waive_nothing_are_reported(tree: Tree) -> None:
    """Without a reason, without a policy, without a finding, or with a policy that nobody knows."""
    text = """\
    print(1)  # polcheck: ignore[no-print]
    print(2)  # polcheck: ignore
    x = 1  # polcheck: ignore[no-print] old
    x = 2  # polcheck: ignore[no-prnt] typo
    """
    tree({"a.py": text})
    assert notices(judged()) == [
        "a.py:1:13: the waiver has no reason and no effect",
        "a.py:2:13: the waiver names no policy and has no effect: write `polcheck: ignore[policy] reason`",
        "a.py:3:10: unused waiver of `no-print`: remove it",
        "a.py:4:10: unused waiver: there is no policy `no-prnt`",
    ]


def test_a_waiver_in_code_that_no_policy_looks_into_is_reported(tree: Tree) -> None:
    """Whichever files the policies look into: a comment that waives nothing is told, prose isn't."""
    comment = "# polcheck: ignore[no-print] old\n"
    tree(
        {"a.go": "package a // polcheck: ignore[no-print] old\n", "b.toml": comment, "README.md": comment, "c": comment}
    )
    assert notices(judged()) == [
        "a.go:1:14: unused waiver of `no-print`: remove it",
        "b.toml:1:3: unused waiver of `no-print`: remove it",
    ]


def test_comments_for_other_runs_are_left_alone(tree: Tree) -> None:
    """A policy that this run doesn't choose, or may be of a pack that `--pack` left out, is no news."""
    tree({"a.py": "x = 1  # polcheck: ignore[no-eval, elsewhere] y\n"})
    assert notices(judged(packs=("packs/ours",), ignore=("no-eval",))) == []
    assert notices(judged(ignore=("no-eval",))) == ["a.py:1:10: unused waiver: there is no policy `elsewhere`"]


def test_nothing_is_said_of_waivers_of_an_undecided_policy(tree: Tree) -> None:
    """While a file can't be searched, nobody knows what its waivers would waive."""
    tree({"a.py": "def f(:\n  eval(x)  # polcheck: ignore[no-eval] y\n", "packs/ours/policies/p.yaml": """\
        id: no-print
        title: t
        require: {files: "*.py", where: file.parsed}
        message: m
        ---
        id: no-eval
        requirement: C1
        title: t
        forbid: {files: "*.py", pattern: eval(...)}
        message: m
    """})  # fmt: skip
    report = judged()
    assert [policy.outcome for policy in report.policies if policy.id == "no-eval"] == ["undecided"]
    assert not [text for text in notices(report) if "no-eval" in text]


WAIVER = PACKS + "waivers: [{policy: no-print, files: 'src/**', reason: a demo, owner: us, expires: 2026-06-20}]\n"


def test_a_waiver_of_the_file_waives_in_its_files(tree: Tree) -> None:
    """Findings elsewhere fail; the finding says who accepts it until when, and where that stands."""
    tree({"polcheck.yaml": WAIVER, "src/a.py": "print(1)\n", "b.py": "print(1)\n"})
    report = judged()
    assert failing(report) == ["no-print b.py:1:1"]
    waived = report.findings[1].waived
    assert waived is not None and (waived.kind, waived.reason, waived.owner, waived.expires, str(waived.location)) == (
        "config",
        "a demo",
        "us",
        "2026-06-20",
        "polcheck.yaml:2:11",
    )


@pytest.mark.parametrize(
    ("today", "left", "said"),
    [
        (date(2026, 5, 20), 0, []),
        (date(2026, 5, 21), 0, ["the waiver of `no-print` expires in 30 days, after 2026-06-20"]),
        (date(2026, 6, 19), 0, ["the waiver of `no-print` expires tomorrow, after 2026-06-20"]),
        (date(2026, 6, 20), 0, ["the waiver of `no-print` expires today, after 2026-06-20"]),
        (date(2026, 6, 21), 1, ["the waiver of `no-print` expired on 2026-06-20: it has no effect any more"]),
    ],
)
def test_a_waiver_ends_after_its_last_day(tree: Tree, today: date, left: int, said: list[str]) -> None:
    """For thirty days before that it says so."""
    tree({"polcheck.yaml": WAIVER, "src/a.py": "print(1)\n"})
    report = judged(today)
    assert len(report.failing) == left
    assert notices(report) == [f"polcheck.yaml:2:11: {text}" for text in said]


def test_a_waiver_without_files_waives_every_finding(tree: Tree) -> None:
    """Also those that point at no file."""
    policy = "id: has-x\ntitle: t\nrequire: {files: x}\nmessage: m\n"
    waivers = "waivers: [{policy: has-x, reason: r}, {policy: no-print, reason: r}]\n"
    tree({"polcheck.yaml": PACKS + waivers, "packs/ours/policies/q.yaml": policy, "a.py": "print(1)\n"})
    assert failing(judged()) == []


def test_an_unused_waiver_of_the_file_is_reported(tree: Tree) -> None:
    """It can go; one that is covered by a comment as well is in use."""
    waivers = "waivers:\n  - {policy: no-eval, reason: r}\n  - {policy: no-print, reason: r}\n"
    tree({"polcheck.yaml": PACKS + waivers, "a.py": "print(1)  # polcheck: ignore[no-print] r\n"})
    assert notices(judged()) == ["polcheck.yaml:3:5: unused waiver of `no-eval`: remove it"]


def test_judging_a_folder_below_waives_what_judging_all_does(tree: Tree) -> None:
    """Path patterns of the file begin at the file."""
    tree({"polcheck.yaml": WAIVER, "src/a.py": "print(1)\n"})
    report = judged(target="src")
    assert failing(report) == []
    assert str(report.findings[0].waived and report.findings[0].waived.location) == "../polcheck.yaml:2:11"


def test_an_override_changes_severities_in_its_files(tree: Tree) -> None:
    """A policy that fails only where an override makes it a note doesn't fail the run."""
    override = "overrides: [{files: 'tests/**', severities: {no-print: note}}]\n"
    tree({"polcheck.yaml": PACKS + override, "tests/a.py": "print(1)\n"})
    report = judged()
    assert [finding.severity for finding in report.findings] == ["note"]
    assert [(p.outcome, p.severity) for p in report.policies if p.id == "no-print"] == [("fail", "note")]
    assert report.verdict == "pass"
    tree({"a.py": "print(1)\n"})
    assert judged().verdict == "fail"


def test_an_override_ignores_in_its_files(tree: Tree) -> None:
    """What it ignores stays in the report, waived; `off` is the same, by policy, requirement or tag."""
    for what in ("ignore: no-eval", "ignore: ['no-*']", "ignore: C1, reason: tests may", "severities: {C1: 'off'}"):
        tree({"polcheck.yaml": PACKS + f"overrides: [{{files: 't/**', {what}}}]\n", "t/a.py": "eval('1')\n"})
        report = judged()
        (finding,) = report.findings
        assert report.verdict == "pass" and finding.waived is not None and finding.waived.kind == "config"
        assert ("tests may" in finding.waived.reason) == ("tests may" in what)


def test_a_policy_whose_failures_are_all_waived_can_still_be_undecided(tree: Tree) -> None:
    """A file that couldn't be searched keeps it open when nothing fails any more."""
    tree({"a.py": "eval('1')  # polcheck: ignore[no-eval] r\n", "b.py": "eval(\n"})
    report = judged()
    (outcome,) = [policy for policy in report.policies if policy.id == "no-eval"]
    assert outcome.outcome == "undecided" and [path for path, _ in outcome.reasons] == ["b.py"]
    assert report.verdict == "none"
