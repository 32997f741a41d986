"""The text report: what it shows, how it lines up, and that it can't be made to attack a terminal."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace
from syrupy.assertion import SnapshotAssertion

from pack_files import check
from polcheck.base.spans import Place
from polcheck.findings.finding import Excerpt, Finding, Location
from polcheck.findings.report import Report
from polcheck.render import Options, output_format
from polcheck.render.escape import terminal
from polcheck.render.excerpt import columns, draw
from polcheck.render.style import Style
from polcheck.render.text import full


def _text(report: Report, **options: object) -> str:
    return output_format("text").render(report, replace(Options(), **options))


def _drawn(line: str, column: int, end: int, width: int = 100) -> tuple[str, str]:
    """The excerpt's line and its underline, as drawn without colour."""
    location = Location("a.py", Place("a.py", 1, column, 1, end), Excerpt(1, (line,)))
    _, shown, under = draw(location, width, str, str)
    return shown.removeprefix("1 |")[1:], under.removeprefix("  |")[1:]


@pytest.mark.parametrize("verbosity", [-1, 0, 1])
def test_the_whole_report(report: Report, verbosity: int, snapshot: SnapshotAssertion) -> None:
    """Findings, what is undecided, notices and the summary, at each verbosity."""
    assert _text(report, verbosity=verbosity) == snapshot


def test_a_pass_is_one_line(passing: Report, snapshot: SnapshotAssertion) -> None:
    """A run without findings prints the files that were checked and the policies that passed."""
    assert _text(passing) == snapshot


def test_color_adds_nothing_but_escapes(report: Report) -> None:
    """Without its ANSI sequences the coloured report is the plain one."""
    import re

    colored = _text(report, color=True, verbosity=1)
    assert "\x1b[1;31merror\x1b[0m[web:keys-exist]" in colored
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == _text(report, verbosity=1)


def test_a_quiet_pass_prints_nothing(passing: Report) -> None:
    """`-q` shows findings and undecided policies, and there are none."""
    assert _text(passing, verbosity=-1) == ""


def test_hostile_texts_cannot_control_the_terminal(hostile: Report) -> None:
    """Control, direction and line-separator characters of packs and submissions come out as escapes."""
    for verbosity in (-1, 0, 1):
        text = _text(hostile, verbosity=verbosity).replace("\n", "")
        assert not [char for char in text if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp")]
    assert "\\x1b[2J" in text


def test_a_message_of_several_lines_cannot_forge_a_finding(hostile: Report) -> None:
    """Only polcheck's own lines begin at the margin."""
    assert not [line for line in _text(hostile).splitlines() if line.startswith("::error")]


def test_many_findings_are_grouped_and_capped(report: Report) -> None:
    """5,000 findings of two policies take a page, with counts of what is left out; `all` lifts that."""
    join, code = report.findings[1], report.findings[2]
    many = replace(report, findings=tuple(_moved(finding, n) for n in range(2500) for finding in (join, code)))
    text = _text(many)
    assert text.count("\n") < 80
    assert "error[web:no-eval] Nothing calls eval: 2,500 findings in 50 files" in text
    assert text.count("… and 2,490 more; use --all to see them") == 2
    assert _text(many, all=True).count("src/file7.py:") == 100


def _moved(finding: Finding, number: int) -> Finding:
    path = f"src/file{number % 50}.py"
    assert finding.location and finding.location.place
    place = finding.location.place._replace(path=path)
    return replace(finding, location=replace(finding.location, path=path, place=place), related=())


def test_places_for_reviewers_stand_with_their_requirement(report: Report) -> None:
    """Notes of a requirement that people decide don't bury the failures: they are counted, and listed with -v."""
    many = replace(report, findings=report.findings[4:5] * 8)
    text = _text(many)
    assert "review[web:W4.tone] The text is kind (8 places)\n" in text
    listed = _text(many, verbosity=1)
    assert "review[web:W4.tone] The text is kind (tone is for a reader)\n    src/app.py:30:5: is this kind?\n" in listed
    assert "note[web:tone]" not in text and "note[web:tone]" not in _text(report, verbosity=-1)


def test_places_for_reviewers_that_fail_the_run_are_shown(report: Report) -> None:
    """With `--fail-on note` nobody has to guess what failed."""
    strict = replace(report, fail_on="note")
    assert "note[web:tone]" in _text(strict, verbosity=-1) and "note[web:tone]" in _text(strict)


def test_an_excerpt_is_six_lines_at_most() -> None:
    """One line ahead of the place, no blank lines at its ends, and not the whole of a long match."""
    lines = ("", "before", "class A:", "    a = 1", "", "    b = 1", "    c = 1", "    d = 1", "    e = 1")
    location = Location("a.py", Place("a.py", 3, 1, 9, 5), Excerpt(1, lines))
    drawn = [row for row in draw(location, 80, str, str) if row[0].isdigit()]
    assert drawn == ["2 | before", "3 | class A:", "4 |     a = 1", "5 |", "6 |     b = 1", "7 |     c = 1"]


def test_no_verdict_says_why(report: Report) -> None:
    """The reason for having no verdict stands right above the summary line."""
    undecided = replace(report, verdict="none", fail_on="warning", findings=())
    closing = _text(undecided).rsplit("\n\n", 1)[1]
    why, line = closing.split("\n")[:2]
    assert why == "no verdict: 1 policy is undecided"
    assert line.startswith("no verdict (undecided): no findings · 9 files checked")


def test_fields_that_could_not_be_made_are_shown(report: Report) -> None:
    """A fault in a pack's verdict fields is no secret of the verdict format."""
    assert "verdict's fields can't be made: out of fuel\n" in _text(replace(report, fields_fault="out of fuel"))


def test_tabs_and_wide_characters_line_up() -> None:
    """The underline starts and ends under the place, measured in columns of the screen."""
    shown, under = _drawn('\tx = "端口" + eval(y)', 13, 20)
    assert shown == '    x = "端口" + eval(y)'
    assert under == " " * columns('    x = "端口" + ') + "^" * 7


def test_an_escaped_character_is_underlined_in_full() -> None:
    """What stands for a control character is as wide as it looks."""
    assert _drawn("a\x1bb", 2, 3) == ("a\\x1bb", " ^^^^")


def test_a_place_far_to_the_right_is_brought_into_view() -> None:
    """Of a long line the part around the place is shown, with `…` for the rest."""
    shown, under = _drawn("x" * 5000 + "eval" + "y" * 5000, 5001, 5005, width=80)
    assert columns(shown) <= 77
    assert shown.startswith("…") and shown.endswith("…")
    assert shown[under.index("^") : under.rindex("^") + 1] == "eval"


def test_an_empty_place_still_has_a_caret() -> None:
    """A place of no width, at the end of a line, is shown by one caret."""
    assert _drawn("ab", 3, 3) == ("ab", "  ^")


@example("\x1f" * 5, 6, 0, 10)
@given(st.text(max_size=60), st.integers(1, 70), st.integers(0, 70), st.integers(10, 90))
def test_drawings_stay_within_the_width(line: str, column: int, length: int, width: int) -> None:
    """Whatever the line holds, it and its underline fit the width (24 at least), on one line each."""
    location = Location("a.py", Place("a.py", 1, column, 1, column + length), Excerpt(1, (line,)))
    drawn = draw(location, width, str, str)
    assert len(drawn) == 3
    assert all(columns(row) <= max(width, 24) and "\n" not in row and "\r" not in row for row in drawn)
    assert "^" in drawn[2]


@given(st.text())
def test_terminal_text_is_printable_and_on_one_line(text: str) -> None:
    """Nothing that a terminal would act upon is left, and harmless text is left alone."""
    shown = terminal(text)
    assert not [c for c in shown if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp")]
    assert shown.encode("utf-8").decode() == shown
    if text.isprintable():
        assert shown == text


@pytest.mark.parametrize(("keys", "shown"), [("time_out: 3\n", True), ("other: 3\n", False), ("timeout:\n", False)])
def test_what_comes_nearest_is_shown_where_it_names_what_may_be_meant(keys: str, shown: bool) -> None:
    """How far a search got otherwise is for `-v`, and in the JSON report."""
    body = "id: p\ntitle: t\nrequire: {files: a.yaml, data: limits.timeout}\nmessage: m\n"
    report = check(body, {"a.yaml": f"limits:\n  {keys}"})
    assert report.findings[0].nearest is not None
    assert ("nearest: " in _text(report)) is shown
    assert "nearest: " in _text(report, verbosity=1)


def test_related_places_are_other_lines_each_once(report: Report) -> None:
    """A second place on a line, and a file whose line is shown, say nothing more; `-v` has them all."""
    line = Excerpt(3, ("EXPOSE 1",))
    places = [Location("b.yaml", Place("b.yaml", 3, column, 3, 9), line) for column in (1, 8)]
    related = (*places, Location.of_file("b.yaml"), Location.of_file("c.py"))
    finding = replace(report.findings[0], related=related, looked_in=())
    lines = [line.strip() for line in full(finding, Options(), Style(color=False)).splitlines()]
    assert [line for line in lines if "also" in line] == ["= also b.yaml:3:1: EXPOSE 1", "= also c.py"]
    lines = full(finding, Options(verbosity=1), Style(color=False)).splitlines()
    assert sum("also" in line for line in lines) == 4


def test_no_line_ends_in_blanks(report: Report) -> None:
    """A remedy with an empty line has it without an indent."""
    finding = replace(report.findings[0], remedy="Write:\n\n  a = 1\n")
    assert not [line for line in full(finding, Options(), Style(color=False)).splitlines() if line != line.rstrip()]


def test_many_files_that_were_searched_are_a_number(report: Report) -> None:
    """The first five of hundreds say nothing; `-v` lists them."""
    paths = tuple(f"a{number:02}.py" for number in range(50))
    finding = replace(report.findings[0], looked_in=paths, looked_in_more=891)
    style = Style(color=False)
    assert "= looked in: 941 files" in full(finding, Options(), style)
    assert "a49.py and 891 more" in full(finding, Options(verbosity=1), style)
