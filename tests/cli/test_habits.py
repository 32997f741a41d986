"""What users of other tools type leads them on."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pack_files import ROOT
from typed import polcheck

PACK = "name: p\nversion: 1.0.0\n"
POLICIES = """
id: PY1
title: There is no a
forbid: {files: "*.yaml", data: a}
message: there is an a
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A pack and a file that fails it."""
    (tmp_path / "pack" / "policies").mkdir(parents=True)
    (tmp_path / "pack" / "pack.yaml").write_text(PACK)
    (tmp_path / "pack" / "policies" / "p.yaml").write_text(POLICIES)
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "a.yaml").write_text("a: 1\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def completed(words: str, shell: str) -> subprocess.CompletedProcess[str]:
    word = str(max(words.count(" "), 1))
    environment = {**os.environ, "_POLCHECK_COMPLETE": shell, "COMP_WORDS": words, "COMP_CWORD": word}
    command = [sys.executable, "-c", "from polcheck.cli import main; main()"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_completion_script_is_printed(shell: str) -> None:
    """As click has it for every shell."""
    done = completed("", f"{shell}_source")
    assert (done.returncode, "polcheck" in done.stdout, done.stderr) == (0, True, "")


def test_commands_are_completed() -> None:
    """A line for each candidate."""
    assert completed("polcheck ru", "bash_complete").stdout == "plain,run\nplain,rule\n"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (("lint",), "`run` or `validate`"),
        (("check",), "`run`"),
        (("validat",), "`validate`"),
        (("run", "--formt"), "--format"),
        (("fix",), "`run`"),
        (("update",), "`pack`"),
        (("show",), "`rule` or `explain`"),
        (("pack", "udpate"), "`update`"),
        (("new", "polcy"), "`policy`"),
    ],
)
def test_what_is_meant_is_proposed(typed: tuple[str, ...], meant: str) -> None:
    """By meaning where users of other tools would type it, else by spelling."""
    assert f"Did you mean {meant}" in polcheck(*typed).err.replace("'", "")


def test_formats_are_completed() -> None:
    """A shell is told the formats that begin with what is typed."""
    assert completed("polcheck run -f sa", "bash_complete").stdout == "plain,sarif\n"


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("polcheck rule variables-are-", ["variables-are-read", "variables-are-set"]),
        ("polcheck rule web-service:po", ["web-service:ports-agree"]),
        ("polcheck rule -p python-project PY005", ["PY005"]),
        ("polcheck explain ro", ["routes-exist"]),
        ("polcheck waive po", ["ports-agree"]),
        ("polcheck run --select web", ["web-service"]),
        ("polcheck run --ignore ro", ["routes-exist"]),
        ("polcheck run --pack github", ["github-workflows"]),
        ("polcheck run -c nowhere.yaml --select p", []),
    ],
)
def test_names_of_policies_and_packs_are_completed(
    words: str, names: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of the packs that are named so far, else of the nearest polcheck.yaml; what can't be read has none."""
    monkeypatch.chdir(ROOT / "examples/web-service")
    done = completed(words, "bash_complete")
    assert [line.removeprefix("plain,") for line in done.stdout.split()] == names


@pytest.mark.parametrize("typed", ["--fix", "--format"])
def test_an_option_of_a_run_without_its_command_leads_to_the_run(typed: str) -> None:
    """Who comes from tools with a single command writes its options right after its name."""
    assert f"`polcheck run {typed}`" in polcheck(typed).err


def test_a_folder_in_the_place_of_a_command_leads_to_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`tool FOLDER` checks it in other tools."""
    (tmp_path / "lib").mkdir()
    monkeypatch.chdir(tmp_path)
    assert "`polcheck run lib`" in polcheck("lib").err


def test_what_is_spelled_far_off_is_not_proposed() -> None:
    """`--config` is not what `--fix` stands for."""
    error = polcheck("list", "--fix").err
    assert "No such option" in error
    assert "Did you mean" not in error


def test_a_prefix_leads_to_a_pattern(folder: Path) -> None:
    """ruff selects by prefix; here it is written with a star."""
    assert "`PY*`" in polcheck("run", "--no-cache", "--pack", "pack", "--select", "PY", "s").err


def test_color_can_be_forced(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """FORCE_COLOR asks for it whatever the output is; NO_COLOR forbids it all the same."""
    run = ("run", "--no-cache", "--pack", "pack", "s")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[" in polcheck(*run).out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in polcheck(*run).out


@pytest.mark.parametrize(
    ("expression", "help"),
    [
        ("$.a.b", "JSONPath begins with `$`"),
        ("a[?b > 3]", "between backticks: `` `3` ``"),
        ("a[].keys(@) | keys(@)", "`[].keys(@)` is of each of its values"),
        ("entries(a).{s: key, t: value}", "write `[].{s: key, t: value}`"),
    ],
)
def test_slips_in_expressions_are_explained(folder: Path, expression: str, help: str) -> None:
    """With what is right in its place."""
    (folder / "pack" / "policies" / "p.yaml").write_text(POLICIES.replace("data: a", f"data: '{expression}'"))
    assert help in polcheck("validate", "pack").out


def test_a_snippet_without_quotes_between_braces_is_explained(folder: Path) -> None:
    """`{pattern: f($x, ...)}` has the key `...)`: the comma ends the value."""
    policy = POLICIES.replace('{files: "*.yaml", data: a}', '{files: "*.py", pattern: f("$x", ...)}')
    (folder / "pack" / "policies" / "p.yaml").write_text(policy)
    out = polcheck("validate", "pack").out
    assert "unknown key `...)`" in out
    assert "quote one that has a comma in it" in out


def test_a_template_without_quotes_is_explained(folder: Path) -> None:
    """`message: {{ x }}` is a mapping in a mapping."""
    (folder / "pack" / "policies" / "p.yaml").write_text(POLICIES.replace("there is an a", "{{ x }} is there"))
    assert "quote a string" in polcheck("validate", "pack").out


@pytest.mark.parametrize("options", [("-f", "json=r", "-f", "sarif=./r"), ("-f", "json", "-o", "r", "-f", "sarif=r")])
def test_two_formats_never_go_to_one_file(folder: Path, options: tuple[str, ...]) -> None:
    """The second would take the place of the first without a word."""
    ran = polcheck("run", "s", "--pack", "pack", *options)
    assert ran.status == 2 and "json and sarif can't both go to" in ran.err
    assert not (folder / "r").exists()


def test_an_unquoted_snippet_in_a_list_comes_with_the_way_out(folder: Path) -> None:
    """Its bracket ends the list of YAML."""
    text = POLICIES.replace('forbid: {files: "*.yaml", data: a}', 'forbid:\n  files: "*.py"\n  pattern: [a["$b"], c]')
    (folder / "pack/policies/p.yaml").write_text(text)
    ran = polcheck("validate", "pack")
    assert ran.status == 2 and "in `[…]` quote what holds brackets" in ran.err + ran.out
