"""A cache that can't be written, is damaged or holds something else: the report is that of a run without one."""

from __future__ import annotations

import hashlib
import marshal
import os
import pickle
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from faulty import POOLED, arguments, command, environment, project, ran
from polcheck.base import store
from polcheck.base.codec import Codec
from polcheck.project import library
from typed import polcheck

FULL = """
import errno
from polcheck.base import store
def full(path, mode):
    with open(path, mode) as file:
        if "w" not in mode:
            return open(path, mode)
        file.write(b"half")
    raise OSError(errno.ENOSPC, "No space left on device")
store.open = full
main()
"""
LIMITED = """
import resource
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (200, 200))
pool.PARALLEL_BYTES = 1 << 30  # the memory that processes share is a file too
main()
"""

HAMMER = """
import sys
from polcheck.base.store import read_whole, write_whole
path, own = "kept/entry", bytes([int(sys.argv[1])])
for turn in range(300):
    write_whole(path, own * (10 + 5000 * (turn % 2)), 1)
    found = read_whole(path)
    assert found in [bytes([n]) * size for n in range(3) for size in (10, 5010)], found
"""


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A project with findings, an empty cache, and submissions of any size large enough to be remembered."""
    monkeypatch.setenv("POLCHECK_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(project(tmp_path))
    with mock.patch("polcheck.pipeline.CACHE_FROM_BYTES", 0):
        yield tmp_path


def _report(*more: str) -> str:
    """The report of a run that finds what lies on disk and nothing in this process."""
    library._compiled_or_kept.cache_clear()
    ran = polcheck(*arguments("-f", "json", "-j", "1", *more))
    assert (ran.status, ran.err) == (1, "")
    return ran.out


@pytest.mark.parametrize("script", [FULL, LIMITED])
def test_a_disk_that_is_full(work: Path, script: str) -> None:
    """Nothing half-written stays in the cache, and the report goes out."""
    result = ran(work, POOLED + script, "-f", "json", "-j", "1")
    assert (result.status, result.out, result.err) == (1, _report("--no-cache"), "")
    assert [path for path in (work / "cache").rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("place", ["file", "file/below", "/dev/null", "/proc/nowhere"])
def test_a_cache_that_is_no_folder(work: Path, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    """Nothing can be kept there, and nothing is said of it."""
    (work / "file").write_text("")
    plain = _report("--no-cache")
    monkeypatch.setenv("POLCHECK_CACHE", place)
    assert [_report(), _report()] == [plain, plain]
    assert polcheck("cache", "info").status == polcheck("cache", "clear").status == 0


def _whole(data: bytes) -> bytes:
    """Bytes as they are kept."""
    return hashlib.sha256(data).digest() + data


class _Runs:
    """What runs a command when it is unpickled."""

    def __reduce__(self) -> tuple[object, ...]:
        return os.system, ("touch code-was-run",)


ANY: Codec[Any] = Codec(Any)
FOREIGN = {
    "nothing": b"",
    "half": None,
    "another bit": None,
    "zeros": bytes(4096),
    "a text": _whole(ANY.encode("a text")),
    "a list": _whole(ANY.encode([1, 2])),
    "unknown probes": _whole(ANY.encode([["x"], [[7]], {"src/m1.py": [None, b"", 3, None]}, [False, False]])),
    "a reference to nowhere": _whole(ANY.encode([0, 99])),
    "an unknown class": _whole(ANY.encode([9_999, "x"])),
    "a class with other fields": _whole(ANY.encode([5, "x"])),
    "no values": _whole(b"x"),
    "a pickle": _whole(pickle.dumps(_Runs())),
    "a pickle of old": _whole(b"cposix\nsystem\n(S'touch code-was-run'\ntR."),
    "marshalled code": _whole(marshal.dumps(compile("1", "x", "eval"))),
}


@pytest.mark.parametrize("what", sorted(FOREIGN))
@pytest.mark.parametrize("kind", ["plans", "rows"])
def test_what_is_kept_is_something_else(work: Path, kind: str, what: str) -> None:
    """It is made again, and the report doesn't change."""
    plain = _report()
    (path,) = (work / "cache" / kind).iterdir()
    data = path.read_bytes()
    spoilt = FOREIGN[what]
    if spoilt is None:
        spoilt = data[: len(data) // 2] if what == "half" else data[:-9] + bytes([data[-9] ^ 4]) + data[-8:]
    path.write_bytes(spoilt)
    assert _report() == plain
    assert _report() == plain
    assert list(work.rglob("code-was-run")) == []


@pytest.mark.parametrize("kind", ["plans", "rows"])
def test_a_folder_in_the_place_of_an_entry(work: Path, kind: str) -> None:
    """It is left alone."""
    plain = _report()
    (path,) = (work / "cache" / kind).iterdir()
    path.unlink()
    (path / "sub").mkdir(parents=True)
    assert _report() == plain


@pytest.mark.parametrize("changed", ["sys.version", "polcheck.base.store._code_stamp"])
def test_rows_of_another_python_or_other_grammars(work: Path, changed: str) -> None:
    """What another parser said isn't taken for what this one says."""
    _report()
    before = {path.name for path in (work / "cache" / "rows").iterdir()}
    value = mock.Mock(return_value="another") if "stamp" in changed else "another"
    with mock.patch(changed, value):
        _report()
        assert store.key_of() != ""
    assert {path.name for path in (work / "cache" / "rows").iterdir()} > before


def test_a_fault_is_not_kept(work: Path) -> None:
    """A search that failed once, as for want of memory, is made again by the next run."""
    plain = _report("--no-cache")
    with mock.patch("polcheck.selectors.syntax.query_set.QuerySet.search", side_effect=MemoryError):
        library._compiled_or_kept.cache_clear()
        assert polcheck(*arguments("-f", "json", "-j", "1")).status == 2
    assert _report() == plain


def test_what_killed_runs_left_is_swept(work: Path) -> None:
    """An unfinished entry goes when it is a day old; a younger one may belong to a run that goes on."""
    folder = work / "cache" / "rows"
    folder.mkdir(parents=True)
    for name, age in ((".old", 90_000), (".young", 60)):
        (folder / name).write_bytes(b"half")
        os.utime(folder / name, (time.time() - age,) * 2)
    _report()
    assert sorted(path.name for path in folder.glob(".*")) == [".young"]


def test_runs_at_once_over_one_cache(work: Path) -> None:
    """Each says what a run by itself says, whatever the others write meanwhile."""
    plain = _report("--no-cache")
    script = POOLED + "main()\n"
    running = [
        subprocess.Popen(
            [sys.executable, "-c", script, *arguments("-f", "json", "-j", "1")],
            env=environment(work), cwd=work, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for _ in range(3)
    ]  # fmt: skip
    assert {(*process.communicate(), process.returncode) for process in running} == {(plain, "", 1)}
    assert [path for path in (work / "cache").rglob(".*") if path.is_file()] == []


def test_many_write_and_read_one_entry(work: Path) -> None:
    """Whoever reads it finds what somebody wrote, whole."""
    processes = [
        subprocess.Popen([sys.executable, "-c", HAMMER, str(number)], env=environment(work), cwd=work)
        for number in range(3)
    ]
    assert [process.wait() for process in processes] == [0, 0, 0]
    assert [path.name for path in (work / "kept").iterdir()] == ["entry"]


def test_the_cache_is_emptied_during_a_run(work: Path) -> None:
    """Entries that vanish between their listing and their removal are no fault."""
    _report()
    whole = Path.iterdir

    def vanishing(self: Path) -> Iterator[Path]:
        for path in list(whole(self)):
            path.unlink(missing_ok=True)
            yield path

    with mock.patch.object(Path, "iterdir", vanishing):
        assert polcheck("cache", "info").status == 0
        assert polcheck("cache", "clear").status == 0


def test_a_cache_that_cannot_be_listed(work: Path) -> None:
    """`cache info` and `cache clear` say what is wrong."""
    (work / "cache" / "plans").mkdir(parents=True)
    with mock.patch.object(Path, "iterdir", side_effect=PermissionError(13, "Permission denied")):
        shown = polcheck("cache", "info")
        cleared = polcheck("cache", "clear")
    assert (shown.status, cleared.status) == (2, 2)
    assert "permission denied" in shown.err.lower()
    assert "fault in polcheck" not in shown.err + cleared.err


def test_keeping_rows_that_cannot_be_encoded(work: Path) -> None:
    """They are not kept, and the report goes out."""
    plain = _report("--no-cache")
    with mock.patch.object(Codec, "encode", side_effect=RecursionError):
        assert _report() == plain
    assert command(work, "cache", "info").status == 0
