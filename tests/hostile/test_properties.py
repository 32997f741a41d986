"""Laws of judging, over generated packs and submissions."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from hostile.strategies import Policy, policies, submissions, text_of
from pack_files import pack, schemas
from polcheck import pipeline as flow
from polcheck.base.errors import PolicyError
from polcheck.findings import near_misses
from polcheck.findings.report import Report
from polcheck.findings.report_json import report_to_json
from polcheck.pipeline import Checker
from polcheck.policy.pack import compile_packs
from polcheck.policy.params import Settings
from polcheck.policy.plan import Listing
from polcheck.scan import workers as pool
from polcheck.scan.cache import CachedRows, ScanCache
from polcheck.scan.extractor import Extractor
from polcheck.sources.submission import of_files

MANY = int(os.environ.get("POLCHECK_EXAMPLES", "1"))  # times as many examples as the suite has time for
Files = Mapping[str, bytes]


def some(examples: int) -> settings:
    """Settings for so many examples."""
    slow = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    return settings(max_examples=examples * MANY, deadline=None, suppress_health_check=slow)


def judged(policies: list[Policy], files: Files, jobs: int = 1, cache: ScanCache | None = None) -> Report:
    """The report of an engine that knows nothing but `cache`."""
    return checker(policies, jobs).check(of_files(files), cache=cache)


def checker(policies: list[Policy], jobs: int = 1) -> Checker:
    """What judges by these policies; a few of them can't be used."""
    try:
        return Checker(compile_packs([pack(text_of(policies))], Settings(), schemas()), jobs=jobs)
    except PolicyError:
        reject()


def outcomes(report: Report) -> list[tuple[str, str]]:
    """The outcome of each policy."""
    return [(policy.id, policy.outcome) for policy in report.policies]


@contextmanager
def small_is_enough() -> Iterator[None]:
    """However small a submission is, it is remembered, and worth several processes."""
    with ExitStack() as patches:
        for name, value in {"PARALLEL_BYTES": 0, "PARALLEL_FILES": 0, "CHUNK_BYTES": 1, "CHUNK_FILES": 1}.items():
            patches.enter_context(mock.patch.object(pool, name, value))
        patches.enter_context(mock.patch.object(flow, "CACHE_FROM_BYTES", 0))
        yield


@some(60)
@given(policies(), submissions())
def test_no_part_of_polcheck_fails(policies: list[Policy], files: Files) -> None:
    """Nothing is raised, nothing is undecided for a fault of polcheck, and it is the same twice."""
    report = judged(policies, files)
    assert not [why for policy in report.policies for _, why in policy.reasons if "failed: " in why]
    assert report == judged(policies, files)


@some(40)
@given(policies(), submissions())
def test_every_finding_points_into_its_file(policies: list[Policy], files: Files) -> None:
    """At a path of the submission or a folder of it, and at a line and column that it has."""
    for finding in judged(policies, files).findings:
        for location in filter(None, (finding.location, *finding.related)):
            assert location.path in files or any(path.startswith(location.path) for path in files)
            if location.place is not None and location.excerpt is not None:
                place = location.place
                line = location.excerpt.lines[place.line - location.excerpt.first]
                assert 1 <= place.column <= len(line) + 1


@some(50)
@given(policies(), submissions())
def test_what_is_skipped_changes_no_report(policies: list[Policy], files: Files) -> None:
    """An engine that parses every file and runs every probe says the same, but of files that it can't parse."""
    fast = checker(policies)
    slow = replace(fast, searches=Extractor(fast.plan.probes, {}, skips=False))
    quick, full = fast.check(of_files(files)), slow.check(of_files(files))
    assert all(one in outcomes(quick) for one in outcomes(full) if one[1] != "undecided")
    if not any(notice.kind == "unsearched" for notice in full.notices):
        assert quick == full


@some(8)
@given(policies(3), submissions())
def test_the_number_of_processes_changes_no_report(policies: list[Policy], files: Files) -> None:
    """One process and two that take the files in turns."""
    with small_is_enough():
        assert judged(policies, files, jobs=1) == judged(policies, files, jobs=2)


@some(20)
@given(st.lists(policies(3), min_size=2, max_size=3), st.lists(submissions(), min_size=2, max_size=3))
def test_what_is_remembered_changes_no_report(packs: list[list[Policy]], trees: list[Files]) -> None:
    """After runs with other policies and other contents of the same files, as after none."""
    page = CachedRows()
    with small_is_enough():
        for policies, files in [(p, f) for p in packs for f in trees] * 2:
            cache = ScanCache(page)
            assert judged(policies, files, cache=cache) == judged(policies, files)
            page = cache.updated or page


@some(50)
@given(policies(), submissions(), st.sampled_from(["x.py", "run.yaml", "pyproject.toml", "a.json", "b"]), st.binary())
def test_an_unrelated_file_changes_no_outcome(policies: list[Policy], files: Files, name: str, data: bytes) -> None:
    """In a folder that no pattern matches, whatever it holds."""
    content = data + b"\ncfg['run_id'] = torch.load(a)\nnames: [a]\n"
    before, after = judged(policies, files), judged(policies, {**files, f"unrelated/{name}": content})
    assert outcomes(before) == outcomes(after)
    assert before.findings == after.findings


MOVED = "zz9/moved"


@some(60)
@given(policies(), submissions())
def test_moving_everything_into_a_folder_moves_the_report(policies: list[Policy], files: Files) -> None:
    """With patterns that begin with the folder, all that changes are the paths."""
    elsewhere = {f"{MOVED}/{path}": data for path, data in files.items()}
    with mock.patch.dict(near_misses._CLOSEST, {Listing: lambda *_: None}):  # how alike paths are: that is by length
        there, here = judged([moved(policy) for policy in policies], elsewhere), judged(policies, files)
    assert json.loads(re.sub(f"{MOVED}/?", "", comparable(there))) == json.loads(comparable(here))


def moved(part: Any) -> Any:
    """A part of a policy, its path patterns below the folder."""
    if isinstance(part, list):
        return [moved(entry) for entry in part]
    if not isinstance(part, dict):
        return part
    return {key: f"{MOVED}/{value}" if key == "files" else moved(value) for key, value in part.items()}


def comparable(report: Report) -> str:
    """The report without what stands for contents and paths: digests and fingerprints."""
    plain = report_to_json(report)
    plain["packs"] = []
    plain["submission"].pop("digest")
    for finding in plain["findings"]:
        finding.pop("fingerprint")
    return json.dumps(plain)
