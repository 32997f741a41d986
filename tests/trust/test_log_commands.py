"""Nothing that a submission holds is a command to the build service whose log it stands in, in any format."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polcheck.base.log_commands import at_line_starts, defused
from polcheck.render import output_formats
from trees import write
from typed import polcheck

COMMANDS = [
    "##[error]x",
    "##[group]x",
    "##vso[task.setvariable variable=PATH]/tmp/x",
    "##VSO[task.complete result=Succeeded]",
    "##teamcity[buildStatus text='x' status='SUCCESS']",
    "####vso[x]",
    "section_start:1560896352:a",
    "section_end:1560896352:a",
    "travis_fold:start:a",
    "travis_time:start:a",
]
ACTED_ON = re.compile(
    r"##\[|##vso\[|##teamcity\[|section_(?:start|end):|travis_(?:fold|time):|^\s*::(?!error |warning |notice )",
    re.IGNORECASE | re.MULTILINE,
)
PLAIN = ["## a heading # 1 [x]", "a::b", "x ## [y]", "#[derive]", "##vs[", "subsection: x", "#vso[x]"]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A submission that attacks by its text, its names and what is bound, and a pack that repeats it."""
    root = tmp_path_factory.mktemp("commands")
    policy = """\
    id: no-bad
    title: Nothing is bad
    forbid: {files: "**", text: "BAD(?P<v>.*)"}
    message: "{{ v }} it says {{ v }}"
    remedy: Better it
    """
    write(root, {"pack/pack.yaml": "name: p\nversion: 1.0.0\n", "pack/policies/p.yaml": policy})
    write(root / "s", {"a.txt": "".join(f"BAD{c}\nBAD {c}\n" for c in [*COMMANDS, "::set-output name=x::y"])})
    write(root / "s", {f"{c.replace('/', '-')}.txt": f"BAD {c}\n" for c in [*COMMANDS, "::error::x"]})
    template = "{% for f in report.findings %}{{ f.message }}\n{{ f.path }}\n{% endfor %}"
    write(root, {"t.txt": template})
    return root


@pytest.mark.parametrize("name", [*(name for name in output_formats() if name != "template"), "template"])
@pytest.mark.parametrize("color", ["never", "always"])
def test_no_format_gives_a_command(root: Path, name: str, color: str) -> None:
    """What stands on standard output holds none but the annotations that GitHub's format is for."""
    form = f"template:{root / 't.txt'}" if name == "template" else name
    done = polcheck(
        *("run", "--isolated", "--no-cache", "--pack", root / "pack", "--all", "-v", "--color", color, "-f", form),
        root / "s",
    )
    assert done.status in (0, 1) and (name in ("verdict", "statistics", "suggestions") or "setvariable" in done.out)
    assert not ACTED_ON.findall(done.out)
    assert not ACTED_ON.findall(done.err)


def test_messages_of_errors_give_none(root: Path) -> None:
    """Names that the user typed, or that a pack holds, stand in the log as well."""
    for command in COMMANDS:
        done = polcheck("run", "--isolated", "--no-cache", "--pack", command, root / "s")
        assert done.status == 2 and not ACTED_ON.findall(done.err + done.out)


@pytest.mark.parametrize("text", PLAIN)
def test_what_nobody_acts_on_stays(text: str) -> None:
    """An ordinary number sign, a path of C++ and the like."""
    assert defused(text) == text and at_line_starts(text) == text


@given(st.lists(st.sampled_from([*COMMANDS, "#", "##", "[", ":", "::", "\n", " ", "section_", "é", "İ"])).map("".join))
def test_any_mixture_is_harmless(text: str) -> None:
    """Commands that overlap, or that arise when a part is taken away, too; the rest of the text is all there."""
    said = at_line_starts(defused(text))
    assert not ACTED_ON.search(said)
    assert said.replace("\\x23", "#").replace("\\x3a", ":") == text


def test_the_table_is_complete() -> None:
    """Each command of the table is one to the expression that tests look for them with."""
    assert all(ACTED_ON.search(command) for command in COMMANDS)
    assert not any(ACTED_ON.search(f"x {plain}") for plain in PLAIN)


def test_people_see_what_it_was() -> None:
    """One character is spelled out, and all others stay."""
    assert defused("##vso[x].txt") == "\\x23#vso[x].txt"
