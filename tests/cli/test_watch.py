"""`polcheck run --watch` prints what changes as files change, in a process of its own."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from faulty import environment
from trees import OURS, write
from typed import polcheck

pytest.importorskip("watchfiles")

CONFIG = "packs: [./packs/ours]\nexclude: ['packs/**', '*.log']\n"
FILES = {**OURS, "polcheck.yaml": CONFIG, "src/a.py": "print(1)\n", "src/b.py": "x = 1\n"}


# NOTE: a process that was started in the background ignores ctrl-C, and what it starts does so too
_MAIN = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from polcheck.cli import main
sys.exit(main())
"""


class Watching:
    """A process that watches a project, and what it has printed so far."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.folder = folder
        self.out, self.err = folder.parent / "out.log", folder.parent / "err.log"
        with self.out.open("wb") as out, self.err.open("wb") as err:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _MAIN, "run", "--watch", "--no-cache", *arguments],
                cwd=folder, stdout=out, stderr=err, env=environment(folder.parent),
            )  # fmt: skip
        self._read = 0

    def until(self, *texts: str, err: bool = False) -> str:
        """Wait until all of the texts were printed since the last call, and return what was."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            printed = (self.err if err else self.out).read_text()[0 if err else self._read :]
            if all(text in printed for text in texts):
                self._read += 0 if err else len(printed)
                return printed
            assert self._process.poll() is None, (printed, self.err.read_text())
            time.sleep(0.05)
        pytest.fail(f"not printed: {texts}; but {self.out.read_text()!r} and {self.err.read_text()!r}")

    def write(self, **files: str | None) -> None:
        """Write files of `src` by their stems; None removes one."""
        for stem, text in files.items():
            path = self.folder / "src" / f"{stem}.py"
            path.unlink() if text is None else path.write_text(text)

    def settle(self) -> None:
        """Wait until the system surely watches the files."""
        time.sleep(2)

    def end(self) -> int:
        """Press ctrl-C, and return the exit status."""
        self._process.send_signal(signal.SIGINT)
        return self._process.wait(30)

    def kill(self) -> None:
        """End the process if it runs still."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()


Watch = Callable[..., Watching]


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Watch]:
    folder = tmp_path / "project"
    write(folder, FILES)
    started: list[Watching] = []

    def start(*arguments: str) -> Watching:
        started.append(Watching(folder, *arguments))
        return started[-1]

    yield start
    for each in started:
        each.kill()


def test_changes_are_printed_and_nothing_else(watch: Watch) -> None:
    """First the report, then what is new and what is gone, each with the verdict; ctrl-C ends with its status."""
    process = watch()
    assert "src/a.py:1:1: error[ours:no-print]" in process.until("fail: 1 error")
    process.settle()
    process.write(b="eval('1')\n")
    printed = process.until("fail: 2 errors")
    assert "src/b.py:1:1: error[ours:no-eval]" in printed
    assert "src/a.py" not in printed
    process.write(a="\n\nprint(1)\n")  # NOTE: the same finding, on another line
    process.write(c="print(2)\n")
    printed = process.until("fail: 3 errors")
    assert "src/c.py:1:1" in printed
    assert "src/a.py" not in printed
    process.write(a="x = 1\n", b=None, c=None)
    printed = process.until("pass: ")
    assert printed.count("gone: ") == 3
    assert process.end() == 0


def test_the_last_verdict_is_the_exit_status(watch: Watch) -> None:
    process = watch()
    process.until("fail: 1 error")
    assert process.end() == 1


def test_what_is_undecided_and_decided_again_is_printed(watch: Watch) -> None:
    process = watch()
    process.until("fail: 1 error")
    process.settle()
    (process.folder / "src" / "a.py").write_bytes(b"\xff\xfe\x00")
    printed = process.until("undecided: not text", "(2 policies: ours:no-print, ours:no-eval)", "no verdict")
    assert "src/a.py: " in printed
    assert "gone: " not in printed  # NOTE: it may well be there still
    process.write(a="x = 1\n")
    process.until("no longer undecided: ours:no-print, ours:no-eval", "pass: ")
    assert process.end() == 0


def test_a_broken_configuration_is_shown_and_recovered_from(watch: Watch) -> None:
    process = watch()
    process.until("fail: 1 error")
    process.settle()
    config = process.folder / "polcheck.yaml"
    config.write_text("packs: [\n")
    process.until("polcheck.yaml:2:1: not YAML", err=True)
    config.write_text(CONFIG + "severities: {no-print: note}\n")
    process.until("pass: ")
    assert process.end() == 0


def test_a_configuration_that_is_broken_at_first_is_waited_for(watch: Watch, tmp_path: Path) -> None:
    config = tmp_path / "project" / "polcheck.yaml"
    config.write_text("packs: 3\n")
    process = watch()
    process.until("polcheck.yaml:1:1", err=True)
    process.settle()
    config.write_text(CONFIG)
    process.until("src/a.py:1:1: error[ours:no-print]", "fail: 1 error")
    assert process.end() == 1


def test_only_the_files_that_are_named_are_reported(watch: Watch) -> None:
    process = watch("src/b.py")
    process.until("pass: ")
    process.settle()
    process.write(a="print(1)\nprint(2)\n", b="print(3)\n")
    printed = process.until("fail: 1 error")
    assert "src/b.py:1:1" in printed
    assert "src/a.py" not in printed
    assert process.end() == 1


def test_a_pack_that_changes_is_compiled_again(watch: Watch) -> None:
    process = watch()
    process.until("fail: 1 error")
    process.settle()
    policies = process.folder / "packs/ours/policies/p.yaml"
    policies.write_text("id: no-x\ntitle: t\nforbid: {files: '**/*.py', pattern: x = 1}\nmessage: an x\n")
    printed = process.until("src/b.py:1:1: error[ours:no-x] an x", "gone: src/a.py:1:1")
    assert "fail: 1 error" in printed
    assert process.end() == 1


def test_other_formats_are_written_to_their_files_each_time(watch: Watch, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    process = watch("-f", "text", "-f", f"json={report}")
    process.until("fail: 1 error")
    assert '"src/a.py"' in report.read_text()
    process.settle()
    process.write(a="x = 1\n")
    process.until("pass: ")
    deadline = time.monotonic() + 20
    while '"src/a.py"' in report.read_text() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert '"src/a.py"' not in report.read_text()
    process.end()


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--rev", "HEAD"), "--rev"),
        (("--stdin-filename", "a.py"), "--stdin-filename"),
        (("--fix",), "--fix"),
        (("--timings",), "--timings"),
        (("-f", "json"), "-f json=FILE"),
        (("-",), "folder"),
    ],
)
def test_what_makes_no_sense_beside_it_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], why: str
) -> None:
    write(tmp_path, FILES)
    monkeypatch.chdir(tmp_path)
    ran = polcheck("run", "--watch", *arguments)
    assert ran.status == 2
    assert why in ran.err


def test_without_the_extra_it_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, FILES)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "watchfiles", None)
    ran = polcheck("run", "--watch")
    assert ran.status == 2
    assert "pip install 'polcheck[watch]'" in ran.err
