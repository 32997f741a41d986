"""Whatever a run reads from disk is recorded: a report that is kept follows from nothing that nobody watches."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from faulty import environment
from pack_files import ROOT
from polcheck.base import reader
from polcheck.base.tracker import tracking

ENGINE = ROOT / "engine" / "polcheck"
# the reader itself, what prints or serves, and what no run imports
NOT_ON_THE_WAY = {"base", "cli", "servers", "authoring", "__pycache__"}
PACKAGES = sorted(path.name for path in ENGINE.iterdir() if path.is_dir() and path.name not in NOT_ON_THE_WAY)
READS = re.compile(
    r"(?<![\w.])(?<!def )open\(|\.read_(?:bytes|text)\("
    r"|\bos\.(?:stat|lstat|scandir|listdir|walk|access|readlink|open)\("
    r"|\bos\.path\.(?:exists|lexists|isdir|isfile|islink|getmtime|getsize)\("
    r"|\.(?:lstat|exists|is_dir|is_file|is_symlink|iterdir|glob|rglob)\(|\)\.stat\(|\.open\(\"r"
)
ALLOWED = {  # file -> why it may read in another way
    "packs/http.py": "credentials for registries: what is fetched is recorded as unknown",
    "packs/store.py": "writes packs and removes what was left unfinished; packs are read by the reader",
    "packs/sign.py": "the command that signs",
    "packs/installed.py": "asks importlib.metadata; each folder of `sys.path` is recorded",
    "policy/exports.py": "polcheck's own builtin selectors, which are part of every key",
    "render/html.py": "polcheck's own style, at rendering",
    "project/cache_place.py": "says where the cache is, before anything of a run",
    "project/plan_cache.py": "`polcheck cache` lists and empties it",
    "project/batch_files.py": "a batch, of which no report is kept",
    "project/batch_inputs.py": "a batch, of which no report is kept",
    "project/batch_rows.py": "the rows of a batch, of which no report is kept",
    "sources/folder.py": "entries of folders whose listing is recorded; links make a run unknown",
    "sources/archive.py": "members of an archive; a run over one is unknown",
}


def test_there_is_one_way_to_read() -> None:
    """No module on the way of a run opens, lists or asks for files but by `base/reader.py`; what may says why."""
    found = {
        str(path.relative_to(ENGINE))
        for package in PACKAGES
        for path in (ENGINE / package).rglob("*.py")
        if any(READS.search(line.partition("  #")[0]) for line in path.read_text().splitlines())
    }
    assert found - ALLOWED.keys() == set()
    assert ALLOWED.keys() - found == set(), "an exception that nothing needs any more"


READERS: dict[str, Callable[[str], object]] = {
    "open_file": lambda path: reader.open_file(path).close(),
    "read_bytes": reader.read_bytes,
    "read_text": reader.read_text,
    "status_of": reader.status_of,
    "is_folder": reader.is_folder,
    "is_file": reader.is_file,
    "is_there": reader.is_there,
}


@pytest.mark.parametrize("name", sorted(READERS))
@pytest.mark.parametrize("there", [True, False])
def test_every_way_of_the_reader_records(tmp_path: Path, name: str, there: bool) -> None:
    """What is there with its stamp, and that nothing is there as well: it may come."""
    path = tmp_path / "file"
    if there:
        path.write_text("x")
    with tracking() as tracker:
        try:
            READERS[name](str(path))
        except OSError:
            assert not there
    assert list(tracker.places) == [str(path).encode()]
    assert (tracker.places[str(path).encode()] is not None) is there


def test_every_listing_of_the_reader_records(tmp_path: Path) -> None:
    """Each folder, so that what is added shows."""
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/b/c").write_text("x")
    (tmp_path / "link").symlink_to("a")
    with tracking() as tracker:
        assert [str(path.relative_to(tmp_path)) for path in reader.files_below(str(tmp_path))] == ["a/b/c"]
    assert {str(tmp_path / name).encode() for name in ("", "a", "a/b", "a/b/c")} <= tracker.places.keys()


POLICY = "id: no-eval\ntitle: none\nforbid: {files: '**/*.py', pattern: eval(...)}\nmessage: m\n"
WATCHED = """
import json, os, sys
from polcheck.base import tracker
opened, trackers = [], []
def watch(event, given):
    if event in ("open", "os.listdir", "os.scandir") and trackers and isinstance(given[0], (str, bytes)):
        writes = event == "open" and isinstance(given[2], int) and given[2] & (os.O_WRONLY | os.O_RDWR)
        if not writes:
            opened.append(os.path.realpath(os.fsdecode(given[0])))
sys.addaudithook(watch)
made = tracker.DependencyTracker.__init__
def init(self):
    made(self)
    trackers.append(self)
tracker.DependencyTracker.__init__ = init
from polcheck.cli.commands import run_commands
run_commands()
known = {os.path.realpath(os.fsdecode(place)) for one in trackers for place in one.places}
own = (os.environ["POLCHECK_CACHE"], *(os.path.realpath(path) for path in sys.path if "python" in path))
modules = {os.path.realpath(path) for path in sys.path}
left = {path for path in opened if not path.startswith(own) and not path.endswith((".py", ".pyc"))}
open(os.environ["POLCHECK_SEEN"], "w").write(json.dumps(sorted(left - known - modules)))
"""


def test_a_run_opens_and_lists_nothing_that_is_not_recorded(tmp_path: Path) -> None:
    """The interpreter tells of every file that is opened and every folder that is listed meanwhile."""
    files = {
        "work/polcheck.yaml": "packs: [./pack]\nbaseline: baseline.json\n",
        "work/pack/pack.yaml": "name: ours\nversion: 1.0.0\n",
        "work/pack/policies/p.yaml": POLICY,
        "work/src/a.py": "eval(1)\n",
        "work/src/b/c.py": "x = 1\n",
        "work/.gitignore": "build/\n",
        "work/.git/HEAD": "ref: refs/heads/main\n",
        "work/.git/info/exclude": "*.tmp\n",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    seen = tmp_path / "seen.json"
    surroundings = environment(tmp_path, POLCHECK_SEEN=str(seen))
    for words in (["baseline"], ["run", "-f", "json"], ["run", "--pack", "python-project"]):
        done = subprocess.run(
            [sys.executable, "-P", "-c", WATCHED, *words],
            cwd=tmp_path / "work", env=surroundings, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert "Traceback" not in done.stderr, done.stderr
        outside = [path for path in json.loads(seen.read_text()) if not path.startswith(str(ENGINE))]
        assert words == ["baseline"] or outside == []
