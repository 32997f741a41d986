"""Judging what asks for too much: in time, with the rest judged, and with a notice that says which limit was hit."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest

from pack_files import check, one, pack, schemas
from polcheck.base.errors import PolicyError
from polcheck.base.limits import RunLimits
from polcheck.findings.report import Report
from polcheck.pipeline import Checker
from polcheck.policy.pack import compile_packs
from polcheck.policy.params import Settings
from polcheck.sources.submission import of_files

SECONDS = 10
_SOUND = {"sound.txt": "sound"}
_OTHER = "\n---\nid: other\ntitle: the rest is judged\nrequire: {files: sound.txt, text: sound}\nmessage: wrong\n"


@contextmanager
def in_time() -> Iterator[None]:
    """Fails what takes longer than a hostile case may."""
    began = os.times()
    yield
    # NOTE: of processors, those of ended processes too, so that it is the same on a busy machine
    assert sum(os.times()[:4]) - sum(began[:4]) < SECONDS


def judged(body: str, files: Mapping[str, str | bytes], search_seconds: float = 5) -> Report:
    """The report of one policy on hostile files, made in time; a policy beside it passes on a sound file."""
    with in_time():
        plan = compile_packs([pack(one(body) + _OTHER)], Settings(), schemas())
        report = Checker(plan, limits=RunLimits(search_seconds=search_seconds)).check(of_files({**files, **_SOUND}))
    assert {policy.id: policy.outcome for policy in report.policies}["other"] == "pass"
    return report


def outcome_of(report: Report) -> str:
    """The outcome of the policy that looks at the hostile files."""
    return next(policy.outcome for policy in report.policies if policy.id == "p")


def undecided(body: str, files: Mapping[str, str | bytes], search_seconds: float = 5) -> str:
    """What the notice says, of a policy that a limit keeps undecided."""
    report = judged(body, files, search_seconds)
    assert (outcome_of(report), report.verdict, report.exit_status) == ("undecided", "none", 2)
    return next(notice.message for notice in report.notices if "t:p" in notice.policies)


def refused(body: str, head: str = "") -> str:
    """What is said of a pack that is refused in time, with its place."""
    with in_time(), pytest.raises(PolicyError) as caught:
        check(one(body), {}, head)
    problem = caught.value.problems[0]
    assert problem.path
    assert problem.line > 0
    return problem.message
