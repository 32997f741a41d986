"""Whom the cache is taken from: what its user alone could have written, and time can't have changed unseen."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pack_files import ROOT
from polcheck.base.graph_codec import GraphCodec, value_classes
from polcheck.base.store import is_private, read_whole, write_whole
from polcheck.base.tracker import is_young
from polcheck.packs.shipped import shipped_packs
from polcheck.policy import plan as plans
from polcheck.policy.gates import gates_of
from polcheck.project.cache_place import is_cache_allowed
from polcheck.project.library import checker
from polcheck.project.plan_cache import plan_codec
from typed import polcheck

PACK = """\
id: no-eval
title: Nothing is evaluated
forbid: {files: "**/*.py", pattern: eval(...)}
message: eval is called
"""


@pytest.fixture
def entry(tmp_path: Path) -> Path:
    """An entry of a cache, whole and this user's."""
    path = tmp_path / "home/cache/kind/entry"
    write_whole(str(path), b"kept", 9)
    assert read_whole(str(path)) == b"kept"
    return path


def _linked(entry: Path) -> None:
    elsewhere = entry.with_name("elsewhere")
    entry.rename(elsewhere)
    entry.symlink_to(elsewhere)


def _piped(entry: Path) -> None:
    entry.unlink()
    os.mkfifo(entry)


SPOILT: dict[str, Callable[[Path], object]] = {
    "everybody may write to it": lambda entry: entry.chmod(0o606),
    "its group may write to it": lambda entry: entry.chmod(0o660),
    "everybody may write to its folder": lambda entry: entry.parent.chmod(0o707),
    "everybody may write to the cache": lambda entry: entry.parents[1].chmod(0o777),
    "everybody may write to a folder above": lambda entry: entry.parents[2].chmod(0o777),
    "its group may write to a folder above": lambda entry: entry.parents[2].chmod(0o770),
    "it is a link": _linked,
    "it is a pipe": _piped,
}


@pytest.mark.parametrize("what", sorted(SPOILT))
def test_what_others_could_have_written_is_not_read(entry: Path, what: str) -> None:
    """Neither the entry nor any folder on the way there may be another's to change."""
    SPOILT[what](entry)
    assert read_whole(str(entry)) is None


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give files away")
@pytest.mark.parametrize("level", [-1, 0, 1, 2])
def test_what_belongs_to_another_is_not_read(entry: Path, level: int) -> None:
    """A file or folder of another user is that one's to change."""
    os.chown(entry if level < 0 else entry.parents[level], 65534, 65534)
    assert read_whole(str(entry)) is None


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give links away")
def test_a_link_of_another_is_not_followed(entry: Path, tmp_path: Path) -> None:
    """Whoever owns a link can have it lead elsewhere tomorrow."""
    link = tmp_path / "link"
    link.symlink_to(entry.parents[1])
    assert read_whole(str(link / "kind/entry")) == b"kept"
    os.lchown(link, 65534, 65534)
    assert read_whole(str(link / "kind/entry")) is None


def test_nothing_is_written_where_others_may_write(entry: Path) -> None:
    """What is written there would be no use."""
    entry.parents[2].chmod(0o777)
    write_whole(str(entry.with_name("more")), b"more", 9)
    assert not entry.with_name("more").exists()


def test_a_folder_for_everybody_is_passed_through() -> None:
    """In /tmp nobody can rename what is another's."""
    assert is_private("/tmp/polcheck-of-nobody/cache") is bool(os.stat("/tmp").st_mode & 0o1000)  # noqa: PTH116
    assert not is_private("/tmp") or not os.stat("/tmp").st_mode & 0o002  # noqa: PTH116


@pytest.mark.parametrize(
    ("cache", "target", "allowed"),
    [
        ("tree/s/.cache", "tree/s", False),
        ("tree/.cache", "tree/s", False),
        ("elsewhere", "tree/s", True),
        ("tree-too", "tree/s", True),
        ("tree/.cache", "other", True),
        ("link/.cache", "tree/s", False),
    ],
)
def test_a_cache_below_what_is_checked_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: str, target: str, allowed: bool
) -> None:
    """Below the submission or its git work tree, unless it is asked for."""
    for folder in ("tree/.git", "tree/s", "other"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "link").symlink_to("tree")
    monkeypatch.setenv("POLCHECK_CACHE", str(tmp_path / cache))
    monkeypatch.delenv("POLCHECK_CACHE_INSIDE", raising=False)
    assert is_cache_allowed(str(tmp_path / target)) is allowed
    monkeypatch.setenv("POLCHECK_CACHE_INSIDE", "1")
    assert is_cache_allowed(str(tmp_path / target))


def test_a_run_says_that_it_does_not_use_such_a_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It neither reads nor writes there, and names the way."""
    (tmp_path / "pack/policies").mkdir(parents=True)
    (tmp_path / "pack/pack.yaml").write_text("name: p\nversion: 1.0.0\n")
    (tmp_path / "pack/policies/p.yaml").write_text(PACK)
    (tmp_path / "s").mkdir()
    (tmp_path / "s/a.py").write_text("eval(1)\n")
    monkeypatch.setenv("POLCHECK_CACHE", str(tmp_path / "s/cache"))
    done = polcheck("run", "--isolated", "--pack", str(tmp_path / "pack"), str(tmp_path / "s"))
    assert done.status == 1
    assert "POLCHECK_CACHE_INSIDE" in done.err
    assert not (tmp_path / "s/cache").exists()


@pytest.mark.parametrize(("age", "young"), [(0, True), (1.9, True), (2.1, False), (-5, True)])
def test_a_stamp_is_young_within_the_steps_of_a_file_system(age: float, young: bool) -> None:
    """Two seconds, as FAT keeps them; a time in the future is no older."""
    now = time.time_ns()
    changed = now - int(age * 1e9)
    assert is_young((1, 2, 3, changed, changed - 10**10), now) is young


def test_plans_come_back_as_they_were() -> None:
    """Every shipped pack: encoded again it is the same, it searches the same, and each field is there."""
    codec = plan_codec()
    for name in shipped_packs():
        plan = checker([name]).plan
        data = codec.encode(plan)
        again = codec.decode(data)
        assert codec.encode(again) == data
        assert [probe.texts for probe in again.probes] == [probe.texts for probe in plan.probes]
        assert gates_of(again) == gates_of(plan)


def test_every_class_of_a_plan_can_be_encoded() -> None:
    """A step or source that is added to plans is known to their encoding."""
    known = set(plan_codec()._classes)
    assert set(value_classes([plans])) <= known


def test_a_class_that_is_not_named_is_not_encoded() -> None:
    """What could not be decoded is not written."""
    with pytest.raises(TypeError, match="Path"):
        GraphCodec([]).encode([Path("x")])


def test_nothing_that_could_run_is_read_from_disk() -> None:
    """Neither pickle nor marshal nor shelve: an entry of the cache is data whoever wrote it."""
    found = subprocess.run(
        ["grep", "-rnE", r"^\s*(import|from) (pickle|marshal|shelve|dill|joblib)|pickle\.loads?\(", "engine/polcheck"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    ).stdout  # fmt: skip
    files = {line.partition(":")[0].rpartition("/")[2] for line in found.splitlines()}
    assert files == {"worker.py", "worker_main.py"}  # requests, over a pipe from a process to its own child
