"""`polcheck new`."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from typed import polcheck


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """A new pack."""
    assert polcheck("new", "pack", tmp_path / "mine").status == 0
    return tmp_path / "mine"


def test_a_new_pack_is_right_as_it_is(pack: Path) -> None:
    """A new pack has no problems found, not even a warning, and its tests pass."""
    assert polcheck("validate", pack, "--strict").status == 0
    assert polcheck("test", pack).status == 0


def test_a_new_policy_is_right_as_it_is(pack: Path) -> None:
    """A policy that is added to a new pack has no problems found, and its tests pass."""
    ran = polcheck("new", "policy", "No_Eval.2", "--pack", pack)
    assert ran.out.splitlines() == [
        f"wrote {pack}/policies/No_Eval.2.yaml",
        f"wrote {pack}/tests/No_Eval.2.yaml",
        f"next: polcheck test {pack}",
    ]
    assert polcheck("validate", pack, "--strict").status == 0
    tested = polcheck("test", pack, "-k", "No_Eval.2", "-v")
    assert tested.status == 0
    assert "3 passed" in tested.out


def test_the_cases_cover_what_the_policies_say(pack: Path) -> None:
    """No way through a new policy is without a case."""
    polcheck("new", "policy", "second", "--pack", pack)
    assert polcheck("test", pack, "--fail-under", "100").status == 0


def test_the_cases_kill_every_mutant(pack: Path) -> None:
    """A template is what its user's own cases begin with."""
    polcheck("new", "policy", "second", "--pack", pack)
    assert "0 survived" in polcheck("test", pack, "--mutate").out


def test_a_name_that_yaml_would_read_otherwise_is_quoted(pack: Path) -> None:
    """An id such as 12 stays a text."""
    polcheck("new", "policy", "12", "--pack", pack)
    assert yaml.safe_load((pack / "policies/12.yaml").read_text())["id"] == "12"
    assert polcheck("test", pack).status == 0


def test_nothing_is_overwritten(pack: Path) -> None:
    """What is there stays as it is, and nothing is written beside it."""
    (pack / "tests/second.yaml").write_text("mine\n")
    ran = polcheck("new", "policy", "second", "--pack", pack)
    assert ran.status == 2
    assert "is there already" in ran.err
    assert (pack / "tests/second.yaml").read_text() == "mine\n"
    assert not (pack / "policies/second.yaml").exists()
    assert polcheck("new", "pack", pack).status == 2


def test_an_id_that_is_taken_is_refused(pack: Path) -> None:
    """A policy with the id of another one is not begun, wherever that one is written."""
    ran = polcheck("new", "policy", "settings-exist", "--pack", pack)
    assert (ran.status, ran.out) == (2, "")
    assert "`settings-exist` already" in ran.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["pack", "Big Pack"], "`big-pack` would do"),
        (["policy", "a/b"], "`a-b` would do"),
        (["policy", "x", "--pack", "nowhere"], "no pack.yaml in `nowhere`"),
    ],
)
def test_a_wrong_name_is_answered_with_a_right_one(
    pack: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    """A name that can't be used is status 2, says what would do, and leaves no file."""
    monkeypatch.chdir(pack)
    before = sorted(pack.rglob("*"))
    ran = polcheck("new", *arguments)
    assert ran.status == 2
    assert said in ran.err
    assert sorted(pack.rglob("*")) == before


def test_a_folder_that_can_not_be_written_is_left_alone(tmp_path: Path) -> None:
    """When one file can't be written, none is."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/tests").write_text("a file where a folder should be")
    ran = polcheck("new", "pack", tmp_path / "mine")
    assert ran.status == 2
    assert "can't write" in ran.err
    assert sorted(path.name for path in (tmp_path / "mine").iterdir()) == ["tests"]


def test_files_name_their_schemas_where_those_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`new` and `init` write the line of YAML language servers, with the path to the schema as the file sees it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    (tmp_path / "a.py").touch()
    for kind in ("policy", "pack", "tests", "polcheck"):
        assert polcheck("docs", "--schema", kind, "-o", f".schemas/{kind}.schema.json").status == 0
    assert polcheck("new", "pack", "policies/mine").status == 0
    assert polcheck("new", "policy", "second", "--pack", "policies/mine").status == 0
    assert polcheck("init").status == 0
    written = [*sorted((tmp_path / "policies").rglob("*.yaml")), tmp_path / "polcheck.yaml"]
    assert len(written) == 6
    for path in written:
        first = path.read_text().splitlines()[0]
        prefix, _, target = first.partition("=")
        assert prefix == "# yaml-language-server: $schema"
        assert (path.parent / target).resolve().parent == tmp_path / ".schemas"
        kind = {"policies": "policy", "tests": "tests"}.get(path.parent.name, path.stem)
        assert target.endswith(f"/{kind}.schema.json")
    assert polcheck("validate", "policies/mine", "--strict").status == 0
    assert polcheck("test", "policies/mine").status == 0


def test_schemas_of_another_repository_are_not_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A schema above the root of the repository would be missing from every clone."""
    (tmp_path / ".schemas").mkdir()
    (tmp_path / ".schemas/pack.schema.json").write_text("{}")
    (tmp_path / "inner/.git").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "inner")
    assert polcheck("new", "pack", "mine").status == 0
    assert (tmp_path / "inner/mine/pack.yaml").read_text().startswith("name: ")
