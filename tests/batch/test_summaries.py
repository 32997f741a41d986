"""The numbers of a batch are those of the reports that nobody wrote."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Iterator
from unittest.mock import patch

import pytest
from msgspec.structs import replace

from pack_files import ROOT
from polcheck.project.library import checker
from polcheck.scan.cache import SharedRows
from polcheck.scan.rows import FileRows
from polcheck.scan.workers import FileSearch, Task
from polcheck.sources.submission import Submission, of_files
from polcheck.sources.target import read_submission

PACKS = ("airas-base-code", "python-project")


def _submissions() -> Iterator[Submission]:
    """The project's examples: whole, and each without one of its files."""
    for name in ("ready", "not-ready", "project-a"):
        whole = read_submission(ROOT / "examples" / name)
        yield whole
        files = {path: whole.files[path] for path in whole.listed}
        for path in files:
            yield of_files({other: data for other, data in files.items() if other != path})


@pytest.mark.parametrize("pack", PACKS)
def test_a_summary_says_what_the_report_says(pack: str) -> None:
    """Verdict, digest, outcomes and the number of findings of each policy."""
    used = checker(pack)
    for submission in _submissions():
        report, summary = used.check(submission), used.summary(submission)
        assert (summary.verdict, summary.digest) == (report.verdict, report.submission.digest)
        assert (summary.policies, summary.requirements) == (report.policies, report.requirements)
        counted = Counter(finding.ref for finding in report.findings)
        assert {ref: number for ref, number in summary.findings.items() if number} == counted


def test_findings_that_read_the_same_count_once() -> None:
    """Two failures at one place with one message are one finding, in a summary as in a report."""
    used = checker("python-project")
    found = {"pyproject.toml": b"[project]\nname = 'a'\n", "a.py": b"import os, os\n"}
    report, summary = used.check(of_files(found)), used.summary(of_files(found))
    assert sum(summary.findings.values()) == len(report.findings)
    assert used.summary(of_files(found), "note").verdict == used.check(of_files(found), "note").verdict
    assert replace(used, digests=False).summary(of_files(found)).digest == ""


def test_a_file_that_submissions_share_is_searched_once() -> None:
    """Under one path, with the same bytes; whatever else there is, the summary is that of the report."""
    used = checker("airas-base-code")
    whole = read_submission(ROOT / "examples" / "ready")
    files = {path: whole.files[path] for path in whole.listed}
    searched: list[str] = []

    def counted(self: FileSearch, task: Task) -> FileRows | None:
        searched.append(task.path)
        return here(self, task)

    here = FileSearch.in_process
    with patch.object(FileSearch, "in_process", counted):
        for number in range(3):
            other = of_files({**files, "src/model.py": files["src/model.py"] + b"# %d\n" % number})
            assert used.summary(other).policies == used.check(other).policies
    summed_up = [path for path in searched if path != "src/model.py"]
    assert len(searched) - len(summed_up) == 6 and set(Counter(summed_up).values()) <= {3, 4}


def test_what_was_not_searched_to_its_end_is_searched_again() -> None:
    """A file that is broken, or over a limit, is not taken as known."""
    used = checker("airas-base-code")
    broken = of_files({"src/train.py": b"def f(:\n"})
    first = used.summary(broken)
    with patch.object(FileSearch, "in_process", side_effect=FileSearch.in_process, autospec=True) as here:
        assert used.summary(broken) == first and here.called


@pytest.mark.parametrize("pack", PACKS)
def test_what_was_judged_goes_at_once(pack: str) -> None:
    """No circle holds a submission until somebody looks for circles, after thousands of others."""
    used = checker(pack)
    submissions = list(_submissions())
    for submission in submissions:
        used.summary(submission)  # what is made once and kept is no matter
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        for submission in submissions:
            used.summary(submission)
        gc.collect()
        left = {type(each).__module__ for each in gc.garbage}
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()
    assert not {name for name in left if name.startswith("polcheck")}


@pytest.mark.parametrize("pack", PACKS)
def test_submissions_of_one_listing_have_nothing_else_in_common(pack: str) -> None:
    """What patterns select is known from the first; what a file's first line says of its language is its own."""
    whole = read_submission(ROOT / "examples" / "ready")
    files = {**{path: whole.files[path] for path in whole.listed}, "tool": b"#!/usr/bin/env python\nprint(1)\n"}
    without = {path: data for path, data in files.items() if path != "tool"}
    variants = [
        of_files(without),
        of_files({path: data + b"\n" for path, data in without.items()}),
        of_files({**without, "src/train.py": b"def f(:\n"}),
        of_files({**files, "tool": b"#!/bin/sh\necho 1\n"}),
        of_files(files),
        of_files({**files, "tool": b"text\n"}),
    ]
    used = checker(pack)
    for submission in (*variants, *reversed(variants)):
        fresh = replace(used, _selections=[], _wanted_probes=[], _shared_rows=SharedRows())
        assert used.summary(submission) == fresh.summary(submission)
