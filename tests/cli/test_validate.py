"""`polcheck validate`, as a user runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from polcheck.cli.validate import validate

SOUND = "id: p\ntitle: it is so\nrequire: {files: a.py}\nmessage: it is not so\nremedy: make it so\n"
WARNED = SOUND.replace("a.py", '"{name}.py"')
BROKEN = SOUND.replace("files", "file")


def run(folder: Path, policy: str, *options: str) -> Result:
    """The command on a pack with this policy."""
    (folder / "policies").mkdir()
    (folder / "pack.yaml").write_text("name: t\nversion: 1.0.0\n")
    (folder / "policies/p.yaml").write_text(policy)
    return CliRunner().invoke(validate, [str(folder), *options], standalone_mode=False)


@pytest.mark.parametrize(
    ("policy", "options", "status"),
    [
        (SOUND, (), 0),
        (WARNED, (), 0),
        (WARNED, ("--strict",), 1),
        (SOUND, ("--strict",), 0),
        (BROKEN, (), 2),
        (BROKEN, ("--strict", "-f", "json"), 2),
    ],
)
def test_the_exit_status_says_how_bad_it_is(tmp_path: Path, policy: str, options: tuple[str, ...], status: int) -> None:
    """Warnings fail under --strict only."""
    assert run(tmp_path, policy, *options).return_value == status


def test_a_problem_is_shown_with_its_place_and_a_caret(tmp_path: Path) -> None:
    """And with what would be right, then the count."""
    lines = run(tmp_path, BROKEN).output.splitlines()
    assert lines == [
        f"{tmp_path}/policies/p.yaml:3:11: error: unknown key `file`",
        "  require: {file: a.py}",
        "            ^",
        "help: did you mean `files`?",
        "",
        "t 1.0.0 (no policies): 1 error",
    ]


def test_json_holds_the_same(tmp_path: Path) -> None:
    """With nothing left out."""
    found = json.loads(run(tmp_path, WARNED, "-f", "json").output)
    assert (found["errors"], found["warnings"], found["notes"]) == (0, 1, 0)
    assert found["packs"] == [{"name": "t", "version": "1.0.0", "policies": 1}]
    assert found["problems"][0] == {
        "severity": "warning",
        "message": "`name` is bound and never used",
        "path": f"{tmp_path}/policies/p.yaml",
        "line": 3,
        "column": 19,
        "excerpt": 'require: {files: "{name}.py"}',
        "help": "write `*` for a segment that can be anything, `**` for several",
    }


def test_quiet_leaves_out_advice_and_the_count(tmp_path: Path) -> None:
    """Nothing to say is nothing said."""
    assert run(tmp_path, SOUND.replace("remedy: make it so\n", ""), "-q").output == ""


def test_without_a_pack_it_is_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When that has a pack.yaml."""
    monkeypatch.chdir(tmp_path)
    assert "no pack to check" in str(CliRunner().invoke(validate, []).output)
    run(tmp_path, SOUND)
    assert CliRunner().invoke(validate, [], standalone_mode=False).return_value == 0
