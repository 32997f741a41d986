"""Fixes that must never be made: they make something worse, never end, break files, or write where none may."""

from __future__ import annotations

import pytest

from fixed_results import Fix, changed, reasons


def policy(id: str, forbids: str, fix: str) -> str:
    """A policy that forbids a text of a.txt, and replaces it."""
    return f"""
id: {id}
title: {id}
forbid: {{files: "*.txt", text: '(?P<word>{forbids})'}}
message: "{{{{ word }}}}"
fix: {fix}
"""


def test_a_fix_that_brings_another_finding_is_not_made(fix: Fix) -> None:
    """The other finding is named in the reason."""
    policies = policy("a", "one", "{replace: word, with: two}") + "---" + policy("b", "two", "{replace: word, with: x}")
    fixed = fix(policies, {"a.txt": "one\n"})
    assert not changed(fixed)
    assert "it brings a new finding of `p:b` at a.txt:1:1: two" in reasons(fixed)


def test_fixes_that_undo_each_other_end(fix: Fix) -> None:
    """Neither of two fixes that make the other's finding is made."""
    policies = (
        policy("a", "one", "{replace: word, with: two}") + "---" + policy("b", "two", "{replace: word, with: one}")
    )
    assert not changed(fix(policies, {"a.txt": "one\n"}))
    assert not changed(fix(policies, {"a.txt": "two\n"}))


def test_a_fix_that_makes_its_own_finding_again_is_not_made(fix: Fix) -> None:
    """Also where it grows from round to round."""
    fixed = fix(policy("a", "one", "{replace: word, with: one one}"), {"a.txt": "one\n"})
    assert not changed(fixed)
    assert reasons(fixed)


def test_a_good_fix_beside_a_bad_one_is_made(fix: Fix) -> None:
    """What is to blame is found out, and the rest stays."""
    bad = policy("a", "one", "{replace: word, with: two}") + "---" + policy("b", "two", "{replace: word, with: one}")
    policies = bad + "---" + policy("c", "three", "{replace: word, with: four}")
    fixed = fix(policies, {"a.txt": "one\nthree\nthree\n", "b.txt": "three\n"})
    assert changed(fixed) == {"a.txt": "one\nfour\nfour\n", "b.txt": "four\n"}
    assert len(fixed.fixed) == 3


def test_fixes_that_overlap_wait_for_the_next_round(fix: Fix) -> None:
    """What one has changed the other one finds again, or finds gone."""
    policies = (
        policy("a", "one two", "{replace: word, with: one 2}")
        + "---"
        + policy("b", "one", "{replace: word, with: '1'}")
    )
    fixed = fix(policies, {"a.txt": "one two\n"})
    assert changed(fixed) == {"a.txt": "1 2\n"}
    assert fixed.rounds == 2


def test_a_fix_that_leaves_a_policy_undecided_is_not_made(fix: Fix) -> None:
    """A file that can't be read any more is worse than a finding."""
    policies = """
        id: a
        title: t
        forbid: {files: c.json, text: '(?P<word>"old")'}
        message: m
        fix: {replace: word, with: old}
        ---
        id: b
        title: u
        require: {files: c.json, data: a}
        message: m
    """
    fixed = fix(policies, {"c.json": '{"a": "old"}'})
    assert not changed(fixed)
    assert "does not parse" in reasons(fixed)[0]


@pytest.mark.parametrize("value", ["x\\nadmin: true", "'x", "x: y", "[x", "x #y", "true", "&a x"])
def test_a_text_in_a_configuration_stays_one_value(fix: Fix, value: str) -> None:
    """What is filled in by `text` never becomes a key, another kind of value, or a comment."""
    policies = """
        id: a
        title: t
        for: [{files: c.yaml, text: 'name: (?P<old>old)$'}, {files: v.json, data: "{new: v}"}]
        forbid: subject
        message: m
        fix: {replace: old, with: "{{ new }}"}
    """
    fixed = fix(policies, {"c.yaml": "name: old\n", "v.json": f'{{"v": "{value}"}}'})
    assert not changed(fixed)
    assert reasons(fixed)


@pytest.mark.parametrize(
    "path",
    ["../x.txt", "/tmp/x.txt", "a/../../x.txt", ".git/hooks/x.txt", "a/.GIT/x.txt", "a/.git./x", "git~1/x",
     "polcheck.yaml", "a/polcheck.lock", ".gitignore", "a.txt", "a.txt/b", "a", "a\\x.txt", "", ".", "a//b", "x\ny"],
)  # fmt: skip
def test_a_path_is_checked_when_it_is_known(fix: Fix, path: str) -> None:
    """What a template makes of a path is refused where no fix may write; nothing is overwritten."""
    policies = """
        id: a
        title: t
        for: {files: v.json, data: "{path_: path}"}
        forbid: subject
        message: m
        fix: {create: "{{ path_ }}", text: x}
    """
    import json

    fixed = fix(policies, {"v.json": json.dumps({"path": path}), "a.txt": "", "a/b/c.txt": ""})
    assert not changed(fixed)
    assert reasons(fixed)


def test_polchecks_own_table_of_pyproject_is_left_alone(fix: Fix) -> None:
    """A fix may change pyproject.toml, but not what it says to polcheck."""
    policies = """
        id: a
        title: t
        forbid: {files: pyproject.toml, text: '(?P<word>old)'}
        message: m
        fix: {replace: word, with: new}
    """
    assert changed(fix(policies, {"pyproject.toml": "[tool.x]\na = 'old'\n"}))
    fixed = fix(policies, {"pyproject.toml": "[tool.polcheck]\nignore = ['old']\n"})
    assert not changed(fixed)
    assert "[tool.polcheck]" in reasons(fixed)[0]


def test_a_finding_is_not_accepted_by_its_fix(fix: Fix) -> None:
    """A comment that waives is no fix."""
    policies = policy("a", "one", '{replace: word, with: "one # polcheck: ignore[a] because"}').replace(".txt", ".py")
    fixed = fix(policies, {"a.py": "x = one\n"})
    assert not changed(fixed)


def test_protected_files_are_left_alone(fix: Fix) -> None:
    """Files that the caller protects, and folders with all that is in them."""
    policies = policy("a", "one", "{replace: word, with: two}")
    files = {"packs/a.txt": "one", "b.txt": "one", "c.txt": "one"}
    assert changed(fix(policies, files, protected=("packs", "b.txt"))) == {"c.txt": "two"}
