"""Cases as they are written."""

from __future__ import annotations

import pytest

from casepacks import EVAL, EVALUATES, Write
from polcheck.authoring.testing.cases import read_cases, read_equivalents
from polcheck.base.errors import PolicyError
from polcheck.packs.shipped import schemas
from polcheck.project.packs import read_pack
from typed import polcheck

BROKEN = {
    "case: c\nfiles: {a: ''}\n": "the case expects nothing",
    "case: c\nexpect: {no-eval: pass}\n": "exactly one of `files` and `folder`; this one has neither",
    "case: c\nfiles: {a: ''}\nfolder: b\nexpect: {no-eval: pass}\n": "this one has both",
    "case: c\nfolder: b\nexpect: {no-eval: pass}\n": "the pack has no file in `tests/b/`",
    "case: c\nfiles: {../a: ''}\nexpect: {no-eval: pass}\n": "the path `../a` leaves the project",
    "case: c\nfiles: {a: 1}\nexpect: {no-eval: pass}\n": "`a` must be a string, not a number",
    "case: c\nfiles: {a: ''}\nexpect: {no-eval: passes}\n": "`passes` is not an outcome",
    "case: c\nfiles: {a: ''}\nexpect: {no-eval: {outcome: pass, at: a}}\n": "only a policy that fails has places",
    "case: c\nfiles: {a: ''}\nexpects: {no-eval: pass}\n": "unknown key `expects`",
    "case: c\nfiles: {a: ''}\nexpect: {no-evil: pass}\n": "the pack has no policy `no-evil`",
    "case: c\nfiles: {a: ''}\nparams: {speed: 1}\nexpect: {no-eval: pass}\n": "has no parameter `speed`",
    "case: c\nfiles: {a: ''}\nprofile: calm\nexpect: {no-eval: pass}\n": "has no profile `calm`",
    "- case: c\n": "a case is a mapping, not a list",
    "case: [\n": "not YAML",
}


@pytest.mark.parametrize(("case", "message"), BROKEN.items())
def test_a_broken_case_is_named_with_its_line(write: Write, case: str, message: str) -> None:
    """Whatever is wrong with a case is said with the file and line, and the exit status is 2."""
    ran = polcheck("test", write(EVAL, case))
    assert ran.status == 2
    assert message in ran.err
    assert "tests/cases.yaml:" in ran.err
    assert "Traceback" not in ran.err


def test_every_broken_case_is_named(write: Write) -> None:
    """A second broken case is named beside the first."""
    ran = polcheck("test", write(EVAL, "case: a\nexpect: {no-eval: pass}\n---\ncase: b\nfiles: {a: ''}\n"))
    assert ran.err.count("cases.yaml:") == 2


def test_a_near_name_is_suggested(write: Write) -> None:
    """An expectation of an unknown policy says which one was probably meant."""
    ran = polcheck("test", write(EVAL, "case: c\nfiles: {a: ''}\nexpect: {no-evl: pass}\n"))
    assert "did you mean `no-eval`?" in ran.err


def test_documents_and_files_hold_cases(write: Write) -> None:
    """Cases are separated by `---`, and several files hold them; folders of submissions are no case files."""
    folder = write(
        EVAL,
        f"{EVALUATES}\n---\ncase: box\nfolder: box\nexpect: {{no-eval: pass}}\n",
        tests__more_yaml=EVALUATES,
        tests__box__config_yaml="lr: 1",
    )
    cases = read_cases(read_pack(folder), schemas().tests)
    assert [(case.path, case.name) for case in cases] == [
        ("tests/cases.yaml", "evaluates"),
        ("tests/cases.yaml", "box"),
        ("tests/more.yaml", "evaluates"),
    ]
    assert cases[1].files == {"config.yaml": b"lr: 1"}


def test_an_expectation_knows_its_line(write: Write) -> None:
    """A case and each of its expectations know the lines on which they stand."""
    (case,) = read_cases(read_pack(write(EVAL, EVALUATES)), schemas().tests)
    assert (case.line, case.expect[0].line) == (2, 4)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("policy: p\n", "are a list of"),
        ("- {policy: p, mutant: m}\n", "`reason` is missing"),
        ("- {policy: p, mutant: m, reason: r, why: r}\n", "unknown key `why`"),
    ],
)
def test_a_broken_list_of_equivalent_mutants_is_refused(write: Write, text: str, message: str) -> None:
    """tests/equivalent.yaml is checked like the cases."""
    pack = read_pack(write(EVAL, EVALUATES, tests__equivalent_yaml=text))
    with pytest.raises(PolicyError, match=message):
        read_equivalents(pack, schemas().tests)
