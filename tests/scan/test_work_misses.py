"""Naming the nearest miss costs no more than the findings."""

from __future__ import annotations

from unittest import mock

from counted import checker, policies
from pack_files import check
from polcheck.findings import near_misses as misses
from polcheck.formats import parse_config
from polcheck.sources.submission import of_files


def test_each_finding_looks_in_its_own_file() -> None:
    """Of a hundred files that lack a key each is read once more, not each for every other."""
    files = {f"m{number:03}.json": '{"domein": 1}' for number in range(100)}
    lacking = checker(policies('for: {files: "*.json"}\nrequire: {data: domain}'))
    with mock.patch.object(misses, "parse_config", wraps=parse_config) as parsed:
        report = lacking.check(of_files(files))
    assert len(report.findings) == 100
    assert parsed.call_count == 100


def test_the_nearest_miss_is_in_the_subject_s_file() -> None:
    """Another file's near match is no help for this one."""
    report = check(
        policies('for: {files: "*.json"}\nrequire: {data: a.name}'),
        {"a.json": '{"a": {"nam": 1}}', "b.json": '{"x": 1}', "c.json": '{"a": {"name": 1}}'},
    )
    near = {finding.location.path: finding.nearest for finding in report.findings if finding.location}
    assert sorted(near) == ["a.json", "b.json"]
    for path, miss in near.items():
        assert miss is None or (miss.location is not None and miss.location.path == path)


def test_what_all_lack_is_looked_for_once() -> None:
    """A selector that looks in other files comes closest to the same thing for every subject."""
    files = {f"m{number:03}.py": f"load({number})\n" for number in range(50)} | {"c.json": '{"kee": 1}'}
    lacking = checker(policies('for: {files: "*.py", pattern: load($n)}\nrequire: {files: c.json, data: key}'))
    with mock.patch.object(misses, "parse_config", wraps=parse_config) as parsed:
        report = lacking.check(of_files(files))
    assert len(report.findings) == 50
    assert parsed.call_count == 1
