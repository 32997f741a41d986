"""Packs that extend packs from elsewhere: what a text means there, locked with everything below it."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from packs.conftest import Polcheck
from packs.places import GitPlace, OciPlace, pack, write

EXIT = "id: no-exit\ntitle: Nothing exits\nforbid: {files: '**/*.py', pattern: 'exit(...)'}\nmessage: it exits\n"


def extending(name: str, source: str, more: str = "") -> dict[str, str]:
    """A pack with a policy of its own that extends the one from a source."""
    return {
        "pack.yaml": f'name: {name}\nversion: 1.0.0\nextends:\n  - {{pack: "{source}"{more}}}\n',
        "policies/p.yaml": EXIT,
    }


def sources() -> dict[str, str]:
    """What is locked: name to source."""
    return {one["name"]: one["source"] for one in tomllib.loads(Path("polcheck.lock").read_text("utf-8"))["pack"]}


def test_a_folder_in_the_same_repository(polcheck: Polcheck, tmp_path: Path) -> None:
    """A pack in a repository extends its neighbour, at the very same commit."""
    place = GitPlace(tmp_path / "place")
    place.publish({**extending("ours", "../base"), **{f"../base/{name}": text for name, text in pack().items()}})
    polcheck("pack", "add", place.source)
    assert sources() == {"ours": place.source, "acme": place.source.replace("=web", "=base")}
    assert "it prints" in polcheck("run", status=1).out
    assert polcheck("pack", "list").out.splitlines()[1].startswith("  acme")


def test_neighbours_are_updated_together(polcheck: Polcheck, tmp_path: Path) -> None:
    """Two packs of one repository are never at two commits."""
    place = GitPlace(tmp_path / "place")
    both = {**extending("ours", "../base"), **{f"../base/{name}": text for name, text in pack().items()}}
    place.publish(both)
    polcheck("pack", "add", place.source)
    place.publish({**both, "../base/README": "more"})
    polcheck("pack", "update", "ours")
    document = tomllib.loads(Path("polcheck.lock").read_text("utf-8"))
    assert {one["resolved"] for one in document["pack"]} == {f"git:{place.commit}"}


def test_from_a_registry_to_a_repository(polcheck: Polcheck, tmp_path: Path) -> None:
    """Any source can extend any other that is not on this machine, or is as near as itself."""
    base, place = GitPlace(tmp_path / "base"), OciPlace(tmp_path / "place")
    try:
        base.publish(pack())
        polcheck("pack", "add", base.source)  # to build what extends it, it has to be locked
        place.publish(extending("ours", base.source, ", severities: {no-print: note}"))
        polcheck("pack", "remove", base.source, status=2)  # the last one stays
        polcheck("pack", "add", place.source)
        polcheck("pack", "remove", "acme")
        assert set(sources()) == {"acme", "ours"}
        assert polcheck("run").out
    finally:
        place.stop()


def test_a_folder_that_extends_a_folder(polcheck: Polcheck, tmp_path: Path) -> None:
    """Paths begin at the pack that names them, in every command, with or without a lock."""
    write(tmp_path / "packs" / "base", pack())
    write(tmp_path / "packs" / "ours", extending("ours", "../base"))
    assert "it prints" in polcheck("run", "--pack", "../packs/ours", status=1).out
    polcheck("pack", "add", "../packs/ours")
    assert sources() == {"acme": "../packs/base", "ours": "../packs/ours"}
    polcheck("validate", "../packs/ours")


def test_circles_are_refused(polcheck: Polcheck, tmp_path: Path) -> None:
    """Packs that extend each other in a cycle are named in order."""
    write(tmp_path / "a", extending("a", "../b"))
    write(tmp_path / "b", extending("b", "../a"))
    error = polcheck("pack", "add", "../a", status=2).err
    assert "in a cycle: `../a` extends `../b` extends `../a`" in error


def test_a_name_that_nobody_has(polcheck: Polcheck, tmp_path: Path) -> None:
    """An unknown pack is told where it is named."""
    write(tmp_path / "a", extending("a", "nowhere"))
    error = polcheck("pack", "add", "../a", status=2).err
    assert "../a/pack.yaml:4:5: there is no pack `nowhere`" in error


def test_a_pack_from_elsewhere_can_not_reach_into_this_machine(polcheck: Polcheck, tmp_path: Path) -> None:
    """Files of the machine are none of a registry's pack."""
    place = OciPlace(tmp_path / "place")
    try:
        write(tmp_path / "base", pack())
        write(tmp_path / "ours", extending("ours", "../base"))
        assert "which users of the archive don't have" in polcheck("pack", "build", "../ours", status=2).err
    finally:
        place.stop()


@pytest.mark.parametrize("name", ["ours", "acme"])
def test_remove_takes_along_what_nobody_else_needs(name: str, polcheck: Polcheck, tmp_path: Path) -> None:
    """A pack leaves the lock with what only it extended; what is listed or extended elsewhere stays."""
    write(tmp_path / "packs" / "base", pack())
    write(tmp_path / "packs" / "ours", extending("ours", "../base"))
    polcheck("pack", "add", "python-project")
    polcheck("pack", "add", "../packs/ours")
    if name == "acme":
        polcheck("pack", "add", "../packs/base")
        polcheck("pack", "remove", "acme")
        assert set(sources()) == {"python-project", "ours", "acme"}
        return
    polcheck("pack", "remove", "ours")
    assert set(sources()) == {"python-project"}
