"""polcheck.yaml and pyproject.toml with one pack more or less, all else as it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from packs.conftest import Polcheck
from packs.places import pack, write

BLOCK = """\
# our packs
packs:
  - python-project  # the shipped one

  # a folder
  - source: ../one   # theirs
    params: {most: 2}

# and the rest
exclude: [vendor/**]
"""


@pytest.fixture(autouse=True)
def folders(project: Path) -> None:
    """Two packs beside the project."""
    for name in ("one", "two"):
        files = pack()
        write(project.parent / name, {**files, "pack.yaml": files["pack.yaml"].replace("acme", name)})


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (BLOCK, BLOCK.replace("    params: {most: 2}\n", "    params: {most: 2}\n  - ../two\n")),
        ("packs:\n- ../one # x\n", "packs:\n- ../one # x\n- ../two\n"),
        ("packs:\n- ../one", "packs:\n- ../one\n- ../two"),
        ("packs: [../one]\nfail-on: note\n", "packs: [../one, ../two]\nfail-on: note\n"),
        ("packs: [\n  ../one,  # why\n]\n", "packs: [\n  ../one,  # why\n  ../two,\n]\n"),
        ("fail-on: note\n", "fail-on: note\npacks:\n  - ../two\n"),
    ],
)
def test_a_pack_is_added_to_polcheck_yaml(before: str, after: str, polcheck: Polcheck) -> None:
    """The new pack stands where one would write it; comments and layout stay."""
    Path("polcheck.yaml").write_text(before)
    polcheck("pack", "add", "../two")
    assert Path("polcheck.yaml").read_text() == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('[tool.polcheck]\npacks = ["../one"]  # x\n', '[tool.polcheck]\npacks = ["../one", "../two"]  # x\n'),
        ('[tool.polcheck]\npacks = [\n  "../one",\n]\n', '[tool.polcheck]\npacks = [\n  "../one",\n  "../two",\n]\n'),
    ],
)
def test_a_pack_is_added_to_pyproject_toml(before: str, after: str, polcheck: Polcheck) -> None:
    """The table of polcheck is changed in place."""
    Path("pyproject.toml").write_text(before)
    polcheck("pack", "add", "../two")
    assert Path("pyproject.toml").read_text() == after
    assert not Path("polcheck.yaml").exists()


def test_what_can_not_be_edited_safely_is_left_alone(polcheck: Polcheck) -> None:
    """A file in another encoding than UTF-8 is for its author."""
    text = "packs: [\n  ../one,\n]\n".encode("utf-16")
    Path("polcheck.yaml").write_bytes(text)
    error = polcheck("pack", "add", "../two", status=2).err
    assert "can't be changed" in error and "by hand" in error
    assert Path("polcheck.yaml").read_bytes() == text
    assert not Path("polcheck.lock").exists()


@pytest.mark.parametrize(
    ("before", "name", "after"),
    [
        (BLOCK, "python-project", BLOCK.replace("  - python-project  # the shipped one\n\n", "")),
        ("packs: [../one, ../two]\n", "../one", "packs: [../two]\n"),
        ("packs: [../one, ../two]\n", "two", "packs: [../one]\n"),
        ("packs:\n- ../one\n- ../two # x\n", "../two", "packs:\n- ../one\n"),
    ],
)
def test_a_pack_is_removed(before: str, name: str, after: str, polcheck: Polcheck) -> None:
    """By its source or by its name; all else stays."""
    Path("polcheck.yaml").write_text(before)
    polcheck("pack", "lock")
    polcheck("pack", "remove", name)
    assert Path("polcheck.yaml").read_text() == after
    polcheck("pack", "lock", "--locked")


def test_the_last_pack_stays(polcheck: Polcheck) -> None:
    """A polcheck.yaml without packs judges nothing: that is for its author, too."""
    Path("polcheck.yaml").write_text("packs: [../one]\n")
    assert "it would name no pack any more" in polcheck("pack", "remove", "../one", status=2).err
    assert "names no pack `zwei`" in polcheck("pack", "remove", "zwei", status=2).err


def test_a_pack_is_added_once(polcheck: Polcheck) -> None:
    """The same folder by another way of writing is the same pack."""
    polcheck("pack", "add", "../two")
    assert "names `../two` already" in polcheck("pack", "add", "../project/../two/", status=2).err


def test_paths_are_seen_from_polcheck_yaml(polcheck: Polcheck, monkeypatch: pytest.MonkeyPatch, project: Path) -> None:
    """Who adds a folder from below the project names it as it is from there; polcheck.yaml gets its own view of it."""
    Path("polcheck.yaml").write_text("packs: [../one]\n")
    (project / "src").mkdir()
    monkeypatch.chdir(project / "src")
    polcheck("pack", "add", "../../two")
    assert (project / "polcheck.yaml").read_text() == "packs: [../one, ../two]\n"
    polcheck("pack", "remove", "../../two")
    assert (project / "polcheck.yaml").read_text() == "packs: [../one]\n"
