"""Policies about changes on real repositories: commits, edits that aren't committed, files that git doesn't track."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import polcheck as library
from gits import git
from trees import write
from typed import polcheck

POLICIES = """\
id: changelog
title: If src/ changes, the changelog does
when: {files: "src/**", changed: [added, modified, deleted, renamed]}
require: {files: CHANGELOG.md, changed: [added, modified]}
message: src/ has changed, and CHANGELOG.md has not
---
id: migrations
title: A migration is never edited
forbid: {files: "migrations/*.sql", changed: [modified, deleted, renamed]}
message: "`{{ path }}` may have run already"
---
id: version
title: The version goes up when a schema changes
for: {files: "schemas/{schema}.json", changed: modified, data: version, as: new}
require:
  - {revision: base, data: version, as: old}
  - {where: "new > old"}
message: "{{ schema }} has changed, and its version is still {{ new }}"
---
id: lock
title: pyproject.toml and the lock file change together
for: {files: pyproject.toml, changed: [added, modified]}
require: {files: uv.lock, changed: [added, modified]}
message: uv.lock has not changed with pyproject.toml
---
id: print
title: Nothing is printed
forbid: {files: "**/*.py", pattern: print(...)}
message: it prints
"""
FILES = {
    "packs/ours/pack.yaml": "name: ours\nversion: 1.0.0\n",
    "packs/ours/policies/p.yaml": POLICIES,
    "polcheck.yaml": "packs: [packs/ours]\n",
    "CHANGELOG.md": "# Changes\n",
    "src/a.py": "print(1)\n",
    "migrations/001.sql": "create table a;\n",
    "migrations/002.sql": "create table b;\n",
    "schemas/order.json": '{"version": 3, "keys": []}\n',
    "pyproject.toml": '[project]\nname = "a"\n',
    "uv.lock": "version = 1\n",
}


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository on a branch of its own, with nothing changed since `main`."""
    root = tmp_path / "r"
    for path, text in FILES.items():
        write(root, {path: ""})
        (root / path).write_text(text)
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "main")
    git(root, "checkout", "-qb", "topic")
    monkeypatch.chdir(root)
    return root


def findings(*options: str) -> list[str]:
    """What a run says of the changes since `main`: policy and place, and the revision of the place."""
    ran = polcheck("run", "-f", "json", "--since", "main", *options)
    report = json.loads(ran.out)
    assert ran.status == (1 if any(finding["waived"] is None for finding in report["findings"]) else 0)
    return [
        f"{finding['policy']} {finding['path']}{' at ' + finding['revision'] if 'revision' in finding else ''}"
        for finding in report["findings"]
        if finding["waived"] is None
    ]


WRONG = ["changelog None", "lock pyproject.toml", "migrations migrations/001.sql", "version schemas/order.json"]


def edit(root: Path) -> None:
    """Does what each of the policies is against."""
    write(root, {"src/new.py": "x = 1\n", "migrations/001.sql": "create table aa;\n"})
    write(root, {"schemas/order.json": '{"version": 3, "keys": [1]}\n', "pyproject.toml": '[project]\nname = "b"\n'})


def test_edits_of_a_work_tree_count_before_they_are_committed(repository: Path) -> None:
    """An untracked file among them; as they count when they are staged, committed, or read from the commit."""
    assert findings() == []
    edit(repository)
    assert sorted(findings()) == WRONG
    git(repository, "add", "-A")
    assert sorted(findings()) == WRONG
    git(repository, "commit", "-qm", "edit")
    assert sorted(findings()) == WRONG
    git(repository, "checkout", "-q", "main")
    assert sorted(findings("--rev", "topic")) == WRONG


def test_what_makes_up_for_a_change_is_enough(repository: Path) -> None:
    """The changelog, the version, the lock file; and the migration as it was."""
    edit(repository)
    write(repository, {"CHANGELOG.md": "# Changes\n\nmore\n", "schemas/order.json": '{"version": 4, "keys": [1]}\n'})
    write(repository, {"uv.lock": "version = 2\n", "migrations/001.sql": "create table a;\n"})
    assert findings() == []


def test_what_is_deleted_or_renamed_is_of_the_base_or_of_now(repository: Path) -> None:
    """A deleted file has no other place than the base; a renamed one stands where it is."""
    git(repository, "mv", "migrations/002.sql", "migrations/2.sql")
    (repository / "migrations" / "001.sql").unlink()
    assert findings() == ["migrations migrations/001.sql at base", "migrations migrations/2.sql"]


def test_what_the_other_branch_did_is_no_change(repository: Path) -> None:
    """The base is the merge base: `main` may have gone on."""
    git(repository, "commit", "-q", "--allow-empty", "-m", "topic")
    git(repository, "checkout", "-q", "main")
    write(repository, {"src/a.py": "print(2)\n", "migrations/001.sql": "-- edited\n"})
    git(repository, "commit", "-qam", "elsewhere")
    git(repository, "checkout", "-q", "topic")
    assert findings() == []
    write(repository, {"migrations/003.sql": "create table c;\n"})
    assert findings() == []


def test_findings_about_changes_are_never_old(repository: Path) -> None:
    """Whatever the base itself had changed; findings of other policies that were there are accepted."""
    edit(repository)
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "edit")
    write(repository, {"migrations/002.sql": "-- edited\n"})
    assert "migrations migrations/001.sql" in findings() and "print src/a.py" not in findings()
    ran = polcheck("run", "-q", "--since", "HEAD")
    assert ran.out == "migrations/002.sql: error[ours:migrations] `migrations/002.sql` may have run already\n"


def test_ignored_and_excluded_files_are_in_neither_tree(repository: Path) -> None:
    """An ignored file was not added; an excluded one has not changed."""
    write(repository, {".gitignore": "src/generated.py\n", "src/generated.py": "x = 1\n", "src/b.py": "x = 1\n"})
    assert findings("--exclude", "src/b.py") == []
    assert findings() == ["changelog None"]


def test_a_waiver_of_the_configuration_accepts_a_finding_of_the_base(repository: Path) -> None:
    """By its path; a comment in the file as it is now says nothing of what it was."""
    (repository / "migrations" / "002.sql").unlink()
    waiver = "waivers: [{policy: migrations, files: migrations/002.sql, reason: never released}]\n"
    write(repository, {"polcheck.yaml": "packs: [packs/ours]\n" + waiver})
    assert findings() == []


def test_explain_compares_too(repository: Path) -> None:
    """With `--since` it shows what changed and what didn't; without it, that there is nothing to compare with."""
    edit(repository)
    out = polcheck("explain", "migrations", "--since", "main").out
    assert "migrations/001.sql" in out and "not modified or deleted or renamed since the base" in out
    assert "there is nothing to compare with: give `--since REV`" in polcheck("explain", "migrations").out


def test_without_since_nothing_about_changes_applies(repository: Path) -> None:
    """In a run, a batch and the library; the other policies are checked as ever."""
    edit(repository)
    notice = "not applicable without `--since REV`: what has changed is asked for"
    ran = polcheck("run", "--no-cache")
    assert "5 policies: 1 failed, 4 not applicable" in ran.out
    assert notice not in ran.out  # whoever runs without it knows
    for words in (("-v",), ("--select", "migrations"), ("--select", "migrations", "-f", "markdown")):
        assert polcheck("run", "--no-cache", *words).out.count(notice) == 1
    report = library.check(repository, [repository / "packs" / "ours"])
    assert [policy.outcome for policy in report.policies] == ["not-applicable"] * 4 + ["fail"]
    polcheck("batch", "--pack", "packs/ours", str(repository.parent), "-o", str(repository / "out.jsonl"))
    rows = map(json.loads, (repository / "out.jsonl").read_text().splitlines())
    assert [row["outcome"] for row in rows] == ["not-applicable"] * 4 + ["fail"]


def test_the_library_compares_with_a_revision_or_with_files(repository: Path) -> None:
    """With a revision as `--since` does; with files only policies about changes are about them."""
    edit(repository)
    packs = [repository / "packs" / "ours"]
    report = library.check(repository, packs, project=True, since="main")
    assert sorted(finding.policy for finding in report.failing) == ["changelog", "lock", "migrations", "version"]
    then = {"migrations/a.sql": "1", "a.py": "print(1)\n"}
    report = library.check({"migrations/a.sql": "2", "a.py": "print(1)\n"}, packs, base=then)
    assert [finding.policy for finding in report.failing] == ["migrations", "print"]
    with pytest.raises(library.SubmissionError, match="project=True"):
        library.check(repository, packs, since="main")


def test_a_second_run_with_a_cache_says_the_same(repository: Path) -> None:
    """Rows of both trees are kept, and a change after the first run is seen."""
    write(repository, {"src/big.py": "def f(): pass\n" + "x = 1\n" * 3_000})
    first = findings()
    assert findings() == first == ["changelog None"]
    write(repository, {"CHANGELOG.md": "# New\n"})
    assert findings() == []
