"""What is known from an earlier run is not searched again, and that changes nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from unittest import mock

import pytest
from msgspec.structs import replace

from counted import checker, policies, searches
from polcheck.base.store import read_whole
from polcheck.project import library
from polcheck.scan.cache import CachedRows, ScanCache
from polcheck.sources.submission import Submission, of_files
from trees import OURS, write
from typed import polcheck

EVAL = 'forbid: {files: "*.py", pattern: eval(...)}'
LOAD = 'forbid: {files: "*.py", pattern: load(...)}'
FILES = {"a.py": "eval(1)\n", "b.py": "eval(2)\nload(3)\n", "c.py": "x = 1\n"}


@pytest.fixture(autouse=True)
def large() -> Iterator[None]:
    """However small a submission is, it is large enough to be remembered."""
    with mock.patch("polcheck.pipeline.CACHE_FROM_BYTES", 0):
        yield


def turned(text: str, files: Mapping[str, str], page: CachedRows | None = None) -> tuple[ScanCache, dict[str, int]]:
    """What one run leaves for the next, and how many documents it parsed of each file."""
    cache = ScanCache(page or CachedRows())
    rows = checker(text).extract(of_files(files), cache=cache)
    return cache, {path: found.parsed for path, found in rows.items()}


def page_of(text: str, files: Mapping[str, str]) -> CachedRows:
    """What a first run leaves."""
    cache, _ = turned(text, files)
    assert cache.updated is not None
    return cache.updated


def test_the_second_run_parses_nothing() -> None:
    """With nothing changed no file is parsed or searched, and there is nothing new to keep."""
    page = page_of(policies(EVAL), FILES)
    with searches() as made:
        cache, parsed = turned(policies(EVAL), FILES, page)
    assert (made, cache.updated) == ([], None)
    assert set(parsed.values()) == {0}


def test_a_changed_file_alone_is_parsed() -> None:
    """One file of three changed: one is parsed."""
    page = page_of(policies(EVAL), FILES)
    _, parsed = turned(policies(EVAL), {**FILES, "c.py": "eval(4)\n"}, page)
    assert parsed == {"a.py": 0, "b.py": 0, "c.py": 1}


def test_a_file_that_is_gone_leaves_the_page() -> None:
    """What the next run is left with holds no file that isn't there."""
    cache, _ = turned(policies(EVAL), {"a.py": FILES["a.py"]}, page_of(policies(EVAL), FILES))
    assert cache.updated is not None
    assert list(cache.updated.files) == ["a.py"]


def test_a_new_policy_searches_for_its_own_alone() -> None:
    """The rows of a policy that is as it was are known; another's are searched for where they can be."""
    page = page_of(policies(EVAL), FILES)
    with searches() as made:
        turned(policies(LOAD, EVAL), FILES, page)
    assert made == [("b.py", frozenset({"load(...)"}))]


def test_other_gates_are_another_search() -> None:
    """A probe that ran only in some files is not known in the others when it is asked for there."""
    gated = policies('for: {files: "*.py", pattern: eval(...)}\nrequire: {pattern: load(...)}')
    files = {**FILES, "d.py": "load(5)\n"}
    rows = checker(policies(LOAD)).extract(of_files(files), cache=ScanCache(page_of(gated, files)))
    assert sorted(path for path, found in rows.items() if found.results) == ["b.py", "d.py"]


def test_a_policy_that_asks_for_lines_is_not_served_without_them() -> None:
    """Rows that were kept for policies that ask for no lines are searched again for one that does."""
    page = page_of(policies(EVAL), FILES)
    asks = policies('forbid: {files: "*.py", pattern: eval(...), where: line == `1`}')
    rows = checker(asks).extract(of_files(FILES), cache=ScanCache(page))
    assert all(found.line_starts for found in rows.values())


def test_what_is_asked_of_the_places_of_matches_is_not_served_without_it() -> None:
    """`is` has to know what stands in parentheses, of which an earlier run without it knows nothing."""
    same = 'forbid: {files: "*.py", code: "(await) @_", is: {pattern: eval(...)}}'
    page = page_of(policies(EVAL, 'forbid: {files: "*.py", code: "(await) @_"}'), {"a.py": "await (eval(1))\n"})
    cache = ScanCache(page)
    rows = checker(policies(same)).extract(of_files({"a.py": "await (eval(1))\n"}), cache=cache)
    assert all(result.cores for result in rows["a.py"].results.values() if result.matches[0].span == (0, 15))
    assert rows["a.py"].parsed == 1


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of files with findings, a pack, and an empty cache."""
    monkeypatch.setenv("POLCHECK_CACHE", str(tmp_path / "cache"))
    write(tmp_path, OURS)
    write(tmp_path / "work", {f"m{number}.py": f"print({number})\neval('{number}')\n" for number in range(20)})
    return tmp_path


def report(project: Path, *arguments: str) -> str:
    """The report on the folder, as JSON, from what lies on disk alone."""
    library._compiled_or_kept.cache_clear()
    ran = polcheck(
        "run", project / "work", "--isolated", "--pack", project / "packs" / "ours", "-f", "json", *arguments
    )
    assert ran.status == 1, ran.err
    return ran.out


def test_reports_are_equal_with_and_without_the_cache(project: Path) -> None:
    """Cold, kept, with a file changed and back: always the report of a run that keeps nothing."""
    plain = report(project, "--no-cache")
    assert [report(project) for _ in range(3)] == [plain] * 3
    file = project / "work" / "m3.py"
    before = file.read_text()
    file.write_text("print(0)\n")
    assert report(project) == report(project, "--no-cache") != plain
    file.write_text(before)
    assert report(project) == plain


def test_a_file_changed_without_its_time_is_seen(project: Path) -> None:
    """A file of the same size and time of change, but other bytes, is judged by its bytes."""
    import os

    plain = json.loads(report(project))
    file = project / "work" / "m3.py"
    stat = file.stat()
    file.write_text(file.read_text().replace("print", "sprit"))
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert len(json.loads(report(project))["findings"]) == len(plain["findings"]) - 1


@pytest.mark.parametrize("damage", [b"", b"no page", b"\x80\x05." * 20])
@pytest.mark.parametrize("kind", ["plans", "rows"])
def test_what_is_damaged_is_not_used(project: Path, kind: str, damage: bytes) -> None:
    """A page or a plan that isn't what was written is made again."""
    plain = report(project)
    kept = sorted((project / "cache" / kind).iterdir())
    assert len(kept) == 1
    kept[0].write_bytes(damage)
    assert report(project) == plain
    assert kept[0].read_bytes() != damage


@pytest.mark.parametrize("kind", ["plans", "rows"])
def test_what_others_could_have_written_is_not_used(project: Path, kind: str) -> None:
    """A page or a plan that everybody may write to is not read."""
    plain = report(project)
    (kept,) = (project / "cache" / kind).iterdir()
    kept.chmod(0o666)
    assert read_whole(str(kept)) is None
    kept.chmod(0o600)
    assert read_whole(str(kept)) is not None
    kept.chmod(0o666)
    assert report(project) == plain


def test_nothing_is_kept_when_asked(project: Path) -> None:
    """--no-cache leaves no trace."""
    report(project, "--no-cache")
    assert not (project / "cache").exists()


def test_the_cache_can_be_shown_and_emptied(project: Path) -> None:
    """`cache info` counts what `cache clear` removes."""
    report(project)
    lines = [line.split()[:2] for line in polcheck("cache", "info").out.splitlines()[1:]]
    assert lines == [["plans:", "1"], ["rows:", "1"], ["reports:", "0"], ["walks:", "0"]]
    assert polcheck("cache", "clear").status == 0
    lines = [line.split()[:2] for line in polcheck("cache", "info").out.splitlines()[1:]]
    assert lines == [["plans:", "0"], ["rows:", "0"], ["reports:", "0"], ["walks:", "0"]]


def test_the_number_of_processes_changes_nothing(project: Path) -> None:
    """One process and two give the same report, byte for byte."""
    with mock.patch("polcheck.scan.workers.PARALLEL_BYTES", 0), mock.patch("polcheck.scan.workers.CHUNK_BYTES", 64):
        assert report(project, "--no-cache", "--jobs", "2") == report(project, "--no-cache", "--jobs", "1")


class _Counted(dict[str, bytes]):
    """Files that count how often each of them is read."""

    def __init__(self, files: Mapping[str, str]) -> None:
        super().__init__({path: text.encode() for path, text in files.items()})
        self.reads: dict[str, int] = dict.fromkeys(files, 0)

    def __getitem__(self, path: str) -> bytes:
        self.reads[path] += 1
        return super().__getitem__(path)


def test_the_digest_is_of_the_bytes_that_were_searched() -> None:
    """A report's digest needs no second reading of a file, and is what it is of the files as they are."""
    files = {"a.py": "x = 1\n", "b.py": "y = 2\n", "c.txt": "z\n"}
    read, without = _Counted(files), _Counted(files)
    report = checker(policies(EVAL)).check(Submission("files", "files", read))
    replace(checker(policies(EVAL)), digests=False).check(Submission("files", "files", without))
    assert read.reads == without.reads
    unsearched = frozenset({"c.txt"})
    assert report.submission.digest == Submission("files", "files", read, unsearched=unsearched).digest
    other = checker(policies(EVAL)).check(Submission("files", "files", _Counted({**FILES, "a.py": "x = 2\n"})))
    assert other.submission.digest != report.submission.digest
