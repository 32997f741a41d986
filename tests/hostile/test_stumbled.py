"""What the harnesses stumbled over, each in the way that its user would meet it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pack_files import judge, outcome, places
from polcheck.base.errors import PolicyError
from polcheck.sources.path_patterns import compile_files
from typed import polcheck


def test_excluding_files_leaves_folders_to_be_found() -> None:
    """Below a folder that could not be read there may be one that a pattern of folders matches."""
    patterns = compile_files(["**/secret/", "!vendor/**"])
    assert patterns.match("vendor/secret/")
    assert patterns.may_reach("vendor")
    assert not compile_files(["**/secret", "!vendor/**"]).may_reach("vendor")


def test_wrong_files_beside_use_are_a_problem_of_the_policy() -> None:
    """They are told, once."""
    with pytest.raises(PolicyError, match=r"p\.yaml:3:10: `\{` is never closed") as refused:
        judge('forbid: {files: "src/{a.py", use: python/import}', {"a.py": ""})
    assert len(refused.value.problems) == 1


@pytest.mark.parametrize("quantified", ["(identifier)* @x", "(pair)?", '((identifier)? @x (#eq? @x "b"))'])
def test_a_query_that_matches_nothing_at_all_has_no_match_there(quantified: str) -> None:
    """A match is somewhere; what is nowhere neither fails a policy nor meets one."""
    body = f"forbid: {{files: a.py, code: '{quantified}'}}"
    assert outcome(judge(body, {"a.py": "1\n"})) == "pass"
    assert outcome(judge(body.replace("forbid", "require"), {"a.py": "1\n"})) == "fail"


def test_a_quantified_query_matches_what_is_there() -> None:
    """Each node of it."""
    assert places(judge("forbid: {files: a.py, code: '(identifier)* @x'}", {"a.py": "a\n1\nb\n"})) == [
        "a.py:1:1",
        "a.py:3:1",
    ]


@pytest.mark.parametrize("option", ["--pattern", "--code", "--data", "--text"])
def test_an_option_that_is_no_text_is_an_error_of_usage(option: str, tmp_path: Path) -> None:
    """The system hands bytes that are no UTF-8 on as halves of surrogate pairs."""
    (tmp_path / "a.py").write_text("x = 1\n")
    ran = polcheck("query", option, "x\udcff", tmp_path)
    assert ran.status == 2
    assert "not UTF-8" in ran.err


@pytest.mark.parametrize(
    ("code", "place"),
    [
        ("# nothing\reval(x)\n", "a.py:2:1"),
        ("x = '''\n'''\reval(x)\n", "a.py:3:1"),
        ("ｅval(x)\n", "a.py:1:1"),
        ("'🦉'; 𝒆𝒗𝒂𝒍(x)\n", "a.py:1:6"),
        ("if x:\n    e\u1d5bal(ﬁ)  # ﬁ\n", "a.py:2:5"),
        ("(eval)(x)\n", "a.py:1:1"),
        ("(( eval  # why\n))(x)\n", "a.py:1:1"),
    ],
)
def test_a_call_that_python_sees_is_seen(code: str, place: str) -> None:
    """Lines that end in a carriage return, names in another form, and parentheses hide nothing."""
    assert "eval" in compile(code, "a.py", "exec").co_names
    assert places(judge("forbid: {pattern: eval(...)}", {"a.py": code})) == [place]


def test_names_in_another_form_bind_what_they_mean() -> None:
    """They join with those in the usual form, and texts stay as they are written."""
    body = 'forbid: [{pattern: "use($x)"}, {values: [{x: file}]}]\nmessage: "{{ x }}"'
    report = judge(body, {"a.py": "use(ﬁle)\nuse('ﬁle')\n"})
    assert [str(finding.location) for finding in report.findings] == ["a.py:1:1"]


def test_names_that_only_differ_in_form_are_the_same() -> None:
    """Composed in the policy, decomposed in the code."""
    code = "gro\u0308\u00dfe(1)\n"
    assert places(judge('forbid: {pattern: "gr\u00f6\u00dfe(...)"}', {"a.py": code})) == ["a.py:1:1"]
