"""A report is kept for as long as nothing that it was made from has changed; it is rendered anew each time."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

ENGINE = str(Path(__file__).resolve().parents[2] / "engine")
POLICY = """\
id: no-eval
title: Nothing is evaluated
forbid: {files: "**/*.py", pattern: eval(...)}
message: eval is called
"""
# what a run that checks imports, and one that renders a kept report does not
TELL = "import atexit, sys; atexit.register(lambda: print('polcheck.scan.extractor' in sys.modules, file=sys.stderr)); "
START = TELL + "from polcheck.cli import main; main()"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one finding."""
    work = tmp_path / "work"
    for name, text in {
        "polcheck.yaml": "packs: [./pack]\n",
        "pack/pack.yaml": "name: ours\nversion: 1.0.0\n",
        "pack/policies/p.yaml": POLICY,
        "src/a.py": "eval(1)\n",
        "src/notes.txt": "nobody looks at this\n",
        ".gitignore": "build/\n",
    }.items():
        path = work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (work / ".git").mkdir()
    monkeypatch.chdir(work)
    monkeypatch.setenv("POLCHECK_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PYTHONPATH", ENGINE)
    time.sleep(0.05)  # so that what is written later has another time
    return work


def run(*words: str, race: str = "0") -> tuple[int, str, bool]:
    """The exit status, the output, and whether the submission was judged."""
    begin = f"import polcheck.base.tracker as w; w._RACE = {race}; "
    command = [sys.executable, "-P", "-c", begin + START, "run", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr.endswith("True\n")


def test_nothing_is_judged_twice(root: Path) -> None:
    """The second run says byte for byte what the first said, with its status, and judges nothing."""
    status, said, judged = run()
    assert (status, judged) == (1, True)
    assert "eval is called" in said
    assert run() == (1, said, False)


CHANGES: dict[str, Callable[[], object]] = {
    "a file that is looked at": lambda: Path("src/a.py").write_text("eval(2)\n"),
    "a new file": lambda: Path("src/b.py").write_text("eval(3)\n"),
    "a file less": lambda: Path("src/a.py").unlink(),
    "a new folder": lambda: Path("more").mkdir(),
    "what is ignored": lambda: Path(".gitignore").write_text("src/\n"),
    "a .gitignore below": lambda: Path("src/.gitignore").write_text("a.py\n"),
    "a policy": lambda: Path("pack/policies/p.yaml").write_text(POLICY.replace("is called", "was called")),
    "a new policy": lambda: Path("pack/policies/q.yaml").write_text(POLICY.replace("no-eval", "q")),
    "the configuration": lambda: Path("polcheck.yaml").write_text("packs: [./pack]\nfail-on: never\n"),
    "another configuration": lambda: Path("pyproject.toml").write_text('[tool.polcheck]\npacks = ["./pack"]\n'),
    "a lock": lambda: Path("polcheck.lock").write_text("version = 1\n"),
    "no repository": lambda: Path(".git").rmdir(),
    "permissions": lambda: Path("src/a.py").chmod(0o640),
}


@pytest.mark.parametrize("change", sorted(CHANGES))
def test_a_change_is_judged(root: Path, change: str) -> None:
    """Whatever the verdict could follow from is looked at again."""
    run()
    assert run()[2] is False
    CHANGES[change]()
    assert run()[2] is True


def test_a_file_that_no_policy_asks_for_changes_nothing(root: Path) -> None:
    """Its content is of no interest to the run."""
    said = run()[1]
    Path("src/notes.txt").write_text("still not\n")
    assert run() == (1, said, False)


def test_a_digest_is_of_what_policies_ask_for(root: Path) -> None:
    """Where the output says the submission's digest, every path counts, and the content of what is asked for."""
    run("-f", "json")
    assert run("-f", "json")[2] is False
    Path("src/notes.txt").write_text("changed\n")
    assert run("-f", "json")[2] is False
    Path("src/more.txt").write_text("new\n")
    assert run("-f", "json")[2] is True


@pytest.mark.parametrize("words", [["--no-cache"], ["--timings"]])
def test_what_is_not_kept(root: Path, words: list[str]) -> None:
    """Without a cache, and where the work itself is of interest, each run checks."""
    assert [run(*words)[2] for _ in range(2)] == [True, True]


def test_other_options_are_another_report(root: Path) -> None:
    """What one set of options gave is no answer to another."""
    run()
    assert run("--fail-on", "never")[2] is True
    assert run("--select", "no-eval")[2] is True


def test_another_form_is_the_same_report(root: Path, tmp_path: Path) -> None:
    """How it is shown is no part of a report: it is rendered anew, to files as well."""
    run()
    quiet = run("-q")
    assert quiet[2] is False
    assert quiet[1].startswith("src/a.py:1:1")
    file = tmp_path / "out.txt"
    assert run("-q", "-o", str(file)) == (1, "", False)
    assert file.read_text() == quiet[1]


def test_a_template_is_read_each_time(root: Path, tmp_path: Path) -> None:
    """An edited template shows at once, and one that is gone is missed, though the report is kept."""
    template = tmp_path / "t.txt"
    template.write_text("old {{ report.verdict }}\n")
    words = ["-f", f"template:{template}"]
    assert run(*words)[1] == "old fail\n"
    template.write_text("new {{ report.verdict }}\n")
    assert run(*words) == (1, "new fail\n", False)
    template.unlink()
    assert run(*words)[:2] == (2, "")


@pytest.mark.parametrize("form", ["text", "json", "sarif", "junit", "github", "gitlab", "markdown", "html", "verdict"])
def test_every_format_is_the_same_from_a_kept_report(root: Path, form: str) -> None:
    """A report that was kept has every field that it had."""
    first = run("-f", form)
    again = run("-f", form)
    assert (again[:2], again[2]) == (first[:2], False)


def test_what_changed_just_now_is_not_trusted(root: Path) -> None:
    """A file system may tell a change of the same moment from no change: such a run is not kept."""
    assert [run(race="3_600_000_000_000")[2] for _ in range(2)] == [True, True]


def test_an_undecided_run_is_made_again(root: Path) -> None:
    """What a limit or a fault cut short may be decided the next time."""
    Path("src/a.py").write_text("(eval(\n")
    assert [run()[::2] for _ in range(2)] == [(2, True), (2, True)]


def test_a_link_is_judged_again(root: Path) -> None:
    """Where a link leads, no stamp of it tells."""
    Path("src/link.py").symlink_to("a.py")
    assert [run()[2] for _ in range(2)] == [True, True]


def test_what_was_kept_and_is_damaged_is_judged_again(root: Path, tmp_path: Path) -> None:
    """Whole bytes that make no sense are no answer."""
    expected = run()
    (kept,) = (tmp_path / "cache" / "reports").iterdir()
    data = b"nonsense"
    kept.write_bytes(hashlib.sha256(data).digest() + data)
    assert run() == expected
