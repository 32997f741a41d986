"""Versions of the policy language: what a pack of version 1 can't use, and packs of both versions in one run."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from pack_files import ROOT, check, one, pack, schemas
from polcheck.base.errors import PolicyError
from polcheck.pipeline import Checker
from polcheck.policy import versions
from polcheck.policy.pack import compile_packs
from polcheck.policy.pack_files import PackFiles
from polcheck.policy.params import Settings
from polcheck.selectors.jmespath import nodes
from polcheck.selectors.jmespath.functions import FUNCTIONS
from polcheck.sources.submission import of_files

DATA = "forbid: {files: a.yaml, data: 'lower(a)', as: word, where: 'upper(word) == `null`'}"


def test_a_function_of_a_newer_version_is_refused_wherever_it_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """In `data`, `where` and `let`, at its offset, with the version to set."""
    monkeypatch.setattr(versions, "FUNCTIONS", {"lower": 2, "upper": 2})
    with pytest.raises(PolicyError) as error:
        check(one(DATA), {"a.yaml": "a: B\n"}, "language: 1\n")
    told = str(error.value)
    assert "`lower()` needs version 2 of the policy language, and this pack is written in version 1" in told
    assert "`upper()` needs version 2" in told and "set `language: 2` in pack.yaml" in told
    assert check(one(DATA), {"a.yaml": "a: B\n"}, "language: 2\n").verdict == "pass"
    assert check(one(DATA), {"a.yaml": "a: B\n"}).verdict == "pass"


def test_a_key_of_a_newer_version_is_refused_at_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys are those of the schemas: a name in `let` or a column of `values` that is spelled alike is none."""
    monkeypatch.setattr("polcheck.policy.pack.KEYS", {("item", "where"): 2})
    nested = "forbid:\n  - any: [[{files: a.py}, {where: path}]]\n  - not: {files: '*.md', where: path}"
    with pytest.raises(PolicyError) as error:
        check(one(nested), {"a.py": ""}, "language: 1\n")
    assert str(error.value).count("`where` needs version 2") == 2
    alike = "forbid: {values: [{where: 1}], let: {where: 'where'}}"
    with pytest.raises(PolicyError) as other:
        check(one(alike), {"a.py": ""}, "language: 1\nrequires: python\n")
    assert "needs version 2" not in str(other.value)


def test_a_selector_and_a_language_of_a_newer_version_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """What polcheck itself defines is written in the newest version, whatever the pack's is."""
    monkeypatch.setattr("polcheck.policy.conjunction.SELECTORS", {"python/import": 2})
    monkeypatch.setattr("polcheck.policy.probes.LANGUAGES", {"ini": 2})
    body = "forbid:\n  - {files: '*.py', use: python/import}\n  - {files: a, data: '*', language: ini, as: module}"
    with pytest.raises(PolicyError) as error:
        check(one(body), {"a.py": ""}, "language: 1\n")
    assert "`python/import` needs version 2" in str(error.value) and "`ini` needs version 2" in str(error.value)


def test_packs_of_both_versions_are_used_in_one_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """The version is that of the pack that wrote a policy, also where another one extends it."""
    monkeypatch.setattr(versions, "FUNCTIONS", {"lower": 2})
    base = pack(one("forbid: {files: a.yaml, data: 'upper(a)'}"), "language: 1\n")
    policy = one("forbid: {files: a.yaml, data: 'lower(a)'}")
    head = "name: top\nversion: 1.0.0\nlanguage: 2\nextends: [base]\n"
    top = PackFiles("top", {"pack.yaml": head.encode(), "policies/p.yaml": policy.encode()}, bases={"base": base})
    report = Checker(compile_packs([top], Settings(), schemas())).check(of_files({"a.yaml": b"a: b\n"}))
    assert sorted(finding.policy for finding in report.findings) == ["p", "p"]


def test_every_line_of_the_tables_names_something_there_is() -> None:
    """A misspelled line would refuse nothing."""
    rules: dict[str, dict[str, object]] = {}
    for path in sorted(Path(ROOT, "schemas").glob("*.yaml")):
        rules |= yaml.safe_load(path.read_text("utf-8"))
    assert all(key in rules[schema] for schema, key in versions.KEYS)
    assert versions.FUNCTIONS.keys() <= FUNCTIONS.keys()
    assert all(hasattr(nodes, name) for name in versions.NOTATIONS)
