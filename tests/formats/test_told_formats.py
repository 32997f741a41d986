"""What a file's format leaves open is told in the report, and no literal hides a file from its policy."""

from __future__ import annotations

import pytest

from hostile.bounded import judged, outcome_of
from polcheck.findings.report import Report


def told(report: Report) -> list[tuple[str, int | None, str]]:
    """The notices about formats: the file, the line, and what they say."""
    return [
        (str(notice.location.path), notice.location.line, notice.message)
        for notice in report.notices
        if notice.kind == "format" and notice.location
    ]


@pytest.mark.parametrize(
    ("name", "text", "line", "words"),
    [
        ("a.yaml", "a:\n  b: 1\n  b: 2\n", 3, "`b` is repeated"),
        ("a.json", '{"a": 1,\n "a": 2}', 2, '`"a"` is repeated'),
        ("a.ini", "[a]\nb = 1\nB = 2\n", 3, "`B` is repeated"),
        ("a.ini", "[DEFAULT]\na = 1\n[b]\n", 1, "`[DEFAULT]`"),
        (".gitmodules", "[a]\nb = 1\nb = 2\n", 3, "`b` is repeated"),
        (".gitconfig", "[include]\npath = x\n", 1, "reads other files"),
        (".editorconfig", "[*]\na = b # c\n", 2, "part of the value"),
        ("a.yaml", 'a: "b"#c\n', 1, "white space before this comment"),
        ("a.yaml", "a: [b,\nc]\n", 2, "more spaces"),
        ("a.yaml", "%YAML 1.1\n---\na: yes\n", 1, "YAML 1.1"),
    ],
)
def test_what_readers_differ_about_is_a_notice(name: str, text: str, line: int, words: str) -> None:
    """With its line; the outcome stays what the values say."""
    report = judged(f'forbid: {{files: "{name}", data: "nodes(@)[?value == `99`]"}}', {name: text.encode()})
    assert outcome_of(report) == "pass"
    assert [(path, at, words in message) for path, at, message in told(report)] == [(name, line, True)]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.yaml", "a: 1\nb: {a: 2}\n---\na: 3\n"),
        ("a.yaml", "a: &a {x: 1}\nb:\n  <<: *a\n  x: 2\n"),
        ("a.yaml", "a: {\n  b: 'c # d',\n}\nc: \"d\" # e\nd: a#b\n"),
        ("a.yaml", "key: [\n  a\n]\n"),
        ("a.json", '{"a": {"a": 1}, "b": [{"a": 1}, {"a": 2}]}'),
        ("a.ini", "[a]\nx = 1\n[b]\nx = 1\n"),
    ],
)
def test_nothing_is_told_of_what_all_read_alike(name: str, text: str) -> None:
    """Overridden merges, the same key elsewhere, and a bracket that closes on a line of its own."""
    assert not told(judged(f'forbid: {{files: "{name}", data: "nodes(@)[?value == `99`]"}}', {name: text.encode()}))


def test_repeated_keys_are_a_fact() -> None:
    """`file.repeated_keys` lists them as they are written."""
    policy = 'forbid: {files: "*.json", where: "file.repeated_keys"}'
    report = judged(policy, {"a.json": b'{"a": 1, "a": 2}', "b.json": b'{"a": 1}'})
    assert [finding.location.path for finding in report.findings if finding.location] == ["a.json"]


@pytest.mark.parametrize(
    ("name", "text", "data"),
    [
        ("a.yaml", "0x1f90: x\n", '"8080"'),
        ("a.yaml", "08080: x\n", '"8080"'),
        ("a.yaml", "+8080: x\n", '"8080"'),
        ("a.yaml", "8.08e3: x\n", '"8080.0"'),
        ("a.yaml", "~: x\n", '"null"'),
        ("a.yaml", "? [a, b]\n: x\n", '"[\\"a\\", \\"b\\"]"'),
        ("a.yaml", "True: x\n", '"true"'),
        ("a.yaml", '"\\x61b": x\n', "ab"),
        ("a.yaml", "a: !<!%52ef> x\n", 'a."!Ref"'),
        ("a.yaml", "AWSTemplateFormatVersion: x\na: !GetAtt b.c\n", 'a."Fn::GetAtt"'),
        ("a.json", '{"\\u0061b": 1}', "ab"),
        ("a.toml", '"\\x61b" = 1\n', "ab"),
        ("a.ini", "[s]\nABC = 1\n", "s.abc"),
        ("a.ini", "[s]\nabc = 1\n", "s.ABC"),
        (".gitmodules", "[ABC]\nDEF = 1\n", "abc.def"),
        (".editorconfig", "[*]\nABC = 1\n", '"*".abc'),
    ],
)
def test_a_key_is_found_however_it_is_spelled(name: str, text: str, data: str) -> None:
    """What can't hold a match is skipped by its bytes alone, and these can."""
    policy = f"forbid:\n  files: '{name}'\n  data: '{data}'\n  as: it\n"
    assert outcome_of(judged(policy, {name: text.encode()})) == "fail"


POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 12\n"


@pytest.mark.parametrize(
    ("name", "policy"),
    [
        ("a.yaml", "data: a"),
        ("a.py", "pattern: eval(...)"),
        ("a.txt", "text: never"),
    ],
)
def test_a_pointer_of_git_lfs_is_undecided(name: str, policy: str) -> None:
    """It stands for a file that isn't there: whatever looks into it can't tell, and a way out is named."""
    report = judged(f'forbid: {{files: "{name}", {policy}}}', {name: POINTER})
    assert outcome_of(report) == "undecided"
    assert any("git lfs pull" in notice.message for notice in report.notices)


def test_what_is_longer_than_a_pointer_is_a_file() -> None:
    """One more key, or another hash, and it is text like any other."""
    report = judged('forbid: {files: "a.txt", text: more}', {"a.txt": POINTER + b"more\n"})
    assert outcome_of(report) == "fail"
