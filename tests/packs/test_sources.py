"""Every kind of source, from a real place: added, locked, used without the network, moved, updated."""

from __future__ import annotations

import json
import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest

from packs.conftest import FETCHED, PLACES, Polcheck
from packs.places import FolderPlace, GitPlace, OciPlace, Place, pack

places = pytest.mark.parametrize("place", list(PLACES), indirect=True)
fetched = pytest.mark.parametrize("place", FETCHED, indirect=True)


def locked() -> dict[str, Any]:
    """The only pack of the lock."""
    document = tomllib.loads(Path("polcheck.lock").read_text("utf-8"))
    (one,) = document["pack"]
    found: dict[str, Any] = one
    return found


@places
def test_add_names_locks_and_fetches(place: Place, polcheck: Polcheck) -> None:
    """After `add`, polcheck.yaml names the source, the lock says what it is, and `run` judges by it."""
    place.publish(pack())
    polcheck("pack", "add", place.source)
    assert (locked()["name"], locked()["version"], locked()["license"]) == ("acme", "1.0.0", "MIT")
    assert locked()["digest"].startswith("sha256:") and len(locked()["digest"]) == 71
    assert locked()["resolved"].partition(":")[0] == place.kind
    assert "it prints" in polcheck("run", status=1).out


@fetched
def test_run_needs_no_network_after_sync(place: Place, polcheck: Polcheck, tmp_path: Path) -> None:
    """`sync` fetches what is locked into an empty cache; afterwards nothing else is needed."""
    place.publish(pack())
    polcheck("pack", "add", place.source)
    shutil.rmtree(tmp_path / "cache")
    polcheck("pack", "sync", "--locked")
    place.stop()
    assert "it prints" in polcheck("run", "--locked", status=1).out
    polcheck("pack", "sync", "--locked")
    polcheck("pack", "verify")


@fetched
def test_what_is_not_here_and_cannot_be_had_stops_the_run(place: Place, polcheck: Polcheck, tmp_path: Path) -> None:
    """Without cache and network there is no verdict, and the pack is named."""
    place.publish(pack())
    polcheck("pack", "add", place.source)
    shutil.rmtree(tmp_path / "cache")
    place.stop()
    assert "`acme` is not in the cache and can't be fetched" in polcheck("run", status=2).err


@fetched
def test_a_moved_source_changes_nothing_until_update(place: Place, polcheck: Polcheck) -> None:
    """What is published later is told by `outdated`, shown by `update --diff`, and used after `update`."""
    place.publish(pack())
    polcheck("pack", "add", place.source)
    assert polcheck("pack", "outdated").out == ""
    before = locked()
    place.publish(pack("1.1.0", "exit(...)", "warning"))
    assert "it prints" in polcheck("run", status=1).out
    assert locked() == before

    assert "acme 1.0.0" in polcheck("pack", "outdated", status=1).out
    shown = polcheck("pack", "update", "--diff", "--on", ".", status=1).out
    assert "severity: error -> warning" in shown
    assert ".: fail -> pass" in shown
    assert "acme:no-print  fail -> pass" in shown
    assert locked() == before

    assert "acme 1.0.0 -> 1.1.0" in polcheck("pack", "update").err
    assert locked()["version"] == "1.1.0"
    assert polcheck("run").status == 0
    assert polcheck("pack", "outdated").out == ""


@places
def test_the_lock_is_the_same_whoever_writes_it(place: Place, polcheck: Polcheck) -> None:
    """A lock that is removed comes back byte for byte; locking again changes nothing."""
    place.publish(pack())
    polcheck("pack", "add", place.source)
    text = Path("polcheck.lock").read_bytes()
    polcheck("pack", "lock", "--locked")
    Path("polcheck.lock").unlink()
    polcheck("pack", "lock")
    assert Path("polcheck.lock").read_bytes() == text


@places
def test_locked_refuses_what_is_not_in_the_lock(
    place: Place, polcheck: Polcheck, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where CI is set, neither `add`, `update`, `lock` nor `run` changes the lock."""
    place.publish(pack())
    polcheck("pack", "add", place.source)
    text = Path("polcheck.lock").read_text("utf-8")
    Path("polcheck.lock").write_text(text.partition("[[pack]]")[0])
    monkeypatch.setenv("CI", "true")
    for command in (("run",), ("pack", "lock"), ("pack", "sync"), ("pack", "update"), ("pack", "add", "./x")):
        assert "--locked" in polcheck(*command, status=2).err
    assert Path("polcheck.lock").read_text("utf-8") == text.partition("[[pack]]")[0]
    polcheck("run", "--no-locked", status=1)
    assert Path("polcheck.lock").read_text("utf-8") == text


@pytest.mark.parametrize("place", ["folder"], indirect=True)
def test_a_folder_that_changed_is_a_mismatch_only_where_the_lock_is_fixed(place: Place, polcheck: Polcheck) -> None:
    """A folder's pack changes with its folder, and the lock follows it; under --locked that is refused."""
    place.publish(pack())
    polcheck("pack", "add", place.source)
    before = locked()
    place.publish(pack("1.1.0"))
    error = polcheck("run", "--locked", status=2).err
    assert "the pack `acme`" in error and before["digest"] in error
    assert "polcheck.lock now says which packs these are" in polcheck("run", status=1).err
    assert locked()["version"] == "1.1.0" and locked()["digest"] != before["digest"]
    assert polcheck("run", "--locked", status=1).err == ""


def test_folders_need_no_lock(polcheck: Polcheck, tmp_path: Path) -> None:
    """A project whose packs are all at hand has no polcheck.lock until somebody makes one."""
    FolderPlace(tmp_path).publish(pack())
    Path("polcheck.yaml").write_text("packs: [../acme]\n")
    assert polcheck("run", "--locked", status=1).err == ""
    assert not Path("polcheck.lock").exists()


@pytest.mark.parametrize("place", ["git file"], indirect=True)
def test_run_locks_what_nobody_locked(place: Place, polcheck: Polcheck) -> None:
    """A pack from elsewhere that polcheck.yaml names and the lock lacks is locked by the first run."""
    place.publish(pack())
    Path("polcheck.yaml").write_text(json.dumps({"packs": [place.source]}))
    assert "polcheck.lock now says" in polcheck("run", status=1).err
    assert locked()["source"] == place.source


def test_a_tag_that_is_moved_is_not_followed(polcheck: Polcheck, tmp_path: Path) -> None:
    """Who moves a tag changes nothing for projects that locked it, not even when the cache is gone."""
    place = GitPlace(tmp_path / "place", "v1")
    place.publish(pack(), tag="v1")
    polcheck("pack", "add", place.source)
    place.publish(pack("6.6.6", "exit(...)"), tag="v1")
    assert "it prints" in polcheck("run", status=1).out
    shutil.rmtree(tmp_path / "cache")
    assert "it prints" in polcheck("run", status=1).out
    assert locked()["version"] == "1.0.0"


@pytest.mark.parametrize("place", ["git file", "git http", "git dumb http"], indirect=True)
def test_a_rewritten_branch_is_told(place: Place, polcheck: Polcheck, tmp_path: Path) -> None:
    """A commit that is gone works from the cache; without it the run says what happened."""
    assert isinstance(place, GitPlace)
    place.publish(pack())
    polcheck("pack", "add", place.source)
    place.publish(pack("6.6.6", "exit(...)"), rewrite=True)
    polcheck("run", status=1)
    shutil.rmtree(tmp_path / "cache")
    error = polcheck("run", status=2).err
    assert "is gone from" in error and "`main` was rewritten" in error


def test_newer_version_tags_are_told(polcheck: Polcheck, tmp_path: Path) -> None:
    """A source that names a version hears of later ones, but for pre-releases."""
    place = GitPlace(tmp_path / "place", "v1.0")
    place.publish(pack(), tag="v1.0")
    polcheck("pack", "add", place.source)
    for tag in ("v1.1", "v1.10", "v1.9", "v2.0rc1", "later"):
        place.publish(pack(tag[1:]), tag=tag)
    (row,) = json.loads(polcheck("pack", "outdated", "--format", "json", status=1).out)
    assert (row["now"], row["tag"]) == (None, "v1.10")


@pytest.mark.parametrize("place", ["registry"], indirect=True)
def test_newer_tags_of_a_registry_are_told(place: Place, polcheck: Polcheck) -> None:
    """A registry's tags are versions, too."""
    assert isinstance(place, OciPlace)
    place.push(pack(), "1.0.0")
    polcheck("pack", "add", place.source.replace(":stable", ":1.0.0"))
    place.push(pack("1.2.0"), "1.2.0")
    (row,) = json.loads(polcheck("pack", "outdated", "-f", "json", status=1).out)
    assert row["tag"] == "1.2.0"


@pytest.mark.parametrize("place", ["git file"], indirect=True)
def test_a_commit_can_be_named(place: Place, polcheck: Polcheck) -> None:
    """A source that names a commit is that commit for ever."""
    assert isinstance(place, GitPlace)
    place.publish(pack())
    commit = place.commit
    place.publish(pack("2.0.0"))
    polcheck("pack", "add", place.source.replace("@main", f"@{commit}"))
    assert locked()["resolved"] == f"git:{commit}"
    assert locked()["version"] == "1.0.0"


@pytest.mark.parametrize("place", ["registry"], indirect=True)
def test_a_digest_can_be_named(place: Place, polcheck: Polcheck) -> None:
    """`push` prints the address by digest, which can be added as it stands."""
    assert isinstance(place, OciPlace)
    address = place.push(pack())
    place.publish(pack("2.0.0"))
    polcheck("pack", "add", address)
    assert locked()["version"] == "1.0.0"
    assert locked()["resolved"] == "oci:" + address.partition("@")[2]


@pytest.mark.parametrize("name", ["nowhere", "../nowhere", "git+file:///nowhere/x.git@main", "oci://127.0.0.1:1/a:b"])
def test_a_source_that_leads_nowhere_changes_nothing(name: str, polcheck: Polcheck) -> None:
    """A pack that can't be had is not added."""
    assert polcheck("pack", "add", name, status=2).err
    assert not Path("polcheck.yaml").exists() and not Path("polcheck.lock").exists()


@pytest.mark.parametrize("place", ["git file"], indirect=True)
def test_a_locked_pack_has_a_name(place: Place, polcheck: Polcheck) -> None:
    """On the command line, a locked pack is called by its name; another source is taken as it is now."""
    place.publish(pack())
    polcheck("pack", "add", place.source)
    text = Path("polcheck.lock").read_text("utf-8")
    place.publish(pack("1.1.0", "exit(...)"))
    assert "it prints" in polcheck("run", "--pack", "acme", status=1).out
    assert "it prints" in polcheck("run", "--pack", place.source, status=1).out
    polcheck("validate", "acme")
    elsewhere = place.source.replace("@main", "")
    polcheck("run", "--pack", elsewhere)
    assert "--locked forbids" in polcheck("run", "--locked", "--pack", elsewhere, status=2).err
    assert Path("polcheck.lock").read_text("utf-8") == text


def test_a_pack_that_can_not_be_used_is_not_added(polcheck: Polcheck, tmp_path: Path) -> None:
    """A broken pack, or one that needs a newer polcheck, is told before anything is written."""
    files = pack()
    FolderPlace(tmp_path).publish({**files, "pack.yaml": files["pack.yaml"] + "requires: polcheck>=99\n"})
    assert "the pack needs polcheck>=99" in polcheck("pack", "add", "../acme", status=2).err
    assert not Path("polcheck.yaml").exists() and not Path("polcheck.lock").exists()
