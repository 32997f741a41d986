"""Expectations brought up to what policies say."""

from __future__ import annotations

import textwrap

from casepacks import EVAL, Write
from typed import polcheck

README = "id: readme\ntitle: There is one\nrequire: {files: README.md}\nmessage: none\n"


def updated(write: Write, cases: str, head: str = "") -> str:
    """The text of the cases after `--update`."""
    folder = write(EVAL + "\n---\n" + README, cases, head)
    ran = polcheck("test", folder, "--update")
    assert ran.status == 0, ran.out + ran.err
    return (folder / "tests/cases.yaml").read_text()


def test_only_values_change(write: Write) -> None:
    """Comments, layout and everything else in the file stay as they are."""
    before = """\
        # about the first
        case: "one"   # a name
        files:
          src/a.py: |
            eval(1)   # pass

        expect: {no-eval:   pass, readme: fail}  # both
        ---
        case: two
        files: {README.md: ""}
        expect:
          # a comment
          readme:  not-applicable   # stays
    """
    after = updated(write, before)
    wanted = textwrap.dedent(before).replace("no-eval:   pass", "no-eval:   fail")
    assert after == wanted.replace("not-applicable   # stays", "pass   # stays")


def test_places_and_messages_are_rewritten_as_finely_as_they_were(write: Write) -> None:
    """A place without a column stays without one, and a list becomes a list."""
    after = updated(
        write,
        """\
        case: lines
        files: {src/a.py: "eval(1)\\neval(2)"}
        expect:
          no-eval:
            outcome: fail
            at:
              - src/a.py:7
            message: something   # said
        ---
        case: columns
        files: {src/a.py: "x = eval(1)"}
        expect: {no-eval: {outcome: fail, at: "src/a.py:1:1"}}
        ---
        case: files
        files: {src/a.py: "x = eval(1)"}
        expect: {no-eval: {outcome: fail, at: src/b.py}}
        """,
    )
    assert "at: [src/a.py:1, src/a.py:2]\n" in after
    assert 'message: "`src/a.py` evaluates"   # said\n' in after
    assert "at: src/a.py:1:5}" in after
    assert 'at: "src/a.py"}' in after


def test_an_expectation_that_does_not_fail_any_more_is_its_outcome(write: Write) -> None:
    """Places and messages go away with the failure, in block and in flow style."""
    after = updated(
        write,
        """\
        case: block
        files: {src/a.py: "", README.md: ""}
        expect:
          no-eval:
            outcome: fail
            at: src/a.py:1
          readme: pass
        ---
        case: flow
        files: {src/a.py: ""}
        expect: {no-eval: {outcome: fail, at: src/a.py:1}, readme: fail}
        """,
    )
    assert "  no-eval: pass\n  readme: pass\n" in after
    assert "expect: {no-eval: pass, readme: fail}\n" in after


def test_the_verdict_and_its_fields_are_rewritten(write: Write) -> None:
    """`verdict` and exact fields follow the report."""
    head = "verdict: {ready: verdict == 'pass'}\n"
    case = "case: c\nfiles: {src/a.py: eval(1)}\nverdict: pass\nfields: {ready: true}\n"
    after = updated(write, case, head)
    assert after == case.replace("verdict: pass", "verdict: fail").replace("true", "false")


def test_the_difference_is_shown(write: Write) -> None:
    """What changes is printed before it is written."""
    folder = write(EVAL, "case: c\nfiles: {src/a.py: eval(1)}\nexpect: {no-eval: pass}\n")
    ran = polcheck("test", folder, "--update")
    assert "-expect: {no-eval: pass}\n+expect: {no-eval: fail}\n" in ran.err


def test_cases_that_pass_are_left_alone(write: Write) -> None:
    """Nothing is written where nothing changes."""
    case = "case: c\nfiles: {src/a.py: eval(1)}\nexpect: {no-eval: {outcome: fail, at: 'src/a.py:1'}}\n"
    assert updated(write, case) == case


def test_mutants_and_updates_exclude_each_other(write: Write) -> None:
    """Mutants are hunted when the cases are settled."""
    assert polcheck("test", write(EVAL, ""), "--update", "--mutate").status == 2
