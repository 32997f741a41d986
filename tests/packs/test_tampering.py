"""What is changed behind one's back is noticed, and named, before it judges anything."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from packs.conftest import FETCHED, Polcheck
from packs.places import ArchivePlace, GitPlace, OciPlace, Place, pack
from polcheck.packs.store import PackStore, StoreError

fetched = pytest.mark.parametrize("place", FETCHED, indirect=True)


def cached(tmp_path: Path) -> Path:
    """The only file in the cache."""
    (file,) = (tmp_path / "cache" / "packs").iterdir()
    return file


@fetched
def test_one_byte_in_the_cache(place: Place, polcheck: Polcheck, tmp_path: Path) -> None:
    """A byte that changed in the cache stops the run with both digests; `sync` mends it."""
    place.publish(pack())
    polcheck("pack", "add", place.source)
    file = cached(tmp_path)
    data = file.read_bytes()
    file.write_bytes(data.replace(b"it prints", b"it prunts"))
    error = polcheck("run", status=2).err
    assert "the copy of `acme` in the cache is damaged" in error
    assert error.count("sha256:") == 2 and file.name.removesuffix(".tar") in error
    assert "FAULT" in polcheck("pack", "verify", status=1).out
    polcheck("pack", "sync", "--locked")
    assert file.read_bytes() == data
    polcheck("run", status=1)
    polcheck("pack", "verify")


@pytest.mark.parametrize("place", ["git file"], indirect=True)
def test_every_byte_of_the_cache(place: Place, polcheck: Polcheck, tmp_path: Path) -> None:
    """Whatever byte of a cached pack changes: a run stops, or judges by just the same content."""
    place.publish(pack())
    polcheck("pack", "add", place.source)
    file = cached(tmp_path)
    cache, digest, data = PackStore(file.parent), f"sha256:{file.stem}", file.read_bytes()
    changed = [data[:at] + bytes([data[at] ^ 0x20]) + data[at + 1 :] for at in range(0, len(data), 7)]
    refused = 0
    for other in (*changed, *(data[:end] for end in range(0, len(data), 997))):
        file.write_bytes(other)
        try:
            found = cache.get(digest, "acme", "x")
        except StoreError:
            refused += 1
            continue
        assert found is not None and found.digest == digest
    assert refused > 200


@fetched
@pytest.mark.parametrize("key", ["digest", "resolved", "version", "name", "source"])
def test_a_lock_edited_by_hand(place: Place, key: str, polcheck: Polcheck, tmp_path: Path) -> None:
    """A lock that says something else of a pack than what it is stops the run, cache or not."""
    place.publish(pack())
    polcheck("pack", "add", place.source)
    lines = Path("polcheck.lock").read_text("utf-8").splitlines(keepends=True)
    index = next(n for n, line in enumerate(lines) if line.startswith(f'{key} = "'))
    other = {"digest": "sha256:" + "0" * 64, "version": "9.9.9", "name": "other", "source": "other"}
    kind = place.kind
    other["resolved"] = f"git:{'0' * 40}" if kind == "git" else f"{kind}:sha256:{'0' * 64}"
    lines[index] = f"{key} = {json.dumps(other[key])}\n"
    Path("polcheck.lock").write_text("".join(lines), "utf-8")
    if key == "resolved":
        shutil.rmtree(tmp_path / "cache")
    error = polcheck("run", "--locked", status=2).err
    assert "acme" in error or place.source in error
    assert "Traceback" not in error


@pytest.mark.parametrize("place", ["archive", "archive http"], indirect=True)
def test_an_archive_that_is_another(place: Place, polcheck: Polcheck, tmp_path: Path) -> None:
    """An archive that was replaced stops a run that has to fetch it, with both digests."""
    assert isinstance(place, ArchivePlace)
    place.publish(pack())
    polcheck("pack", "add", place.source)
    place.publish(pack("1.0.0", "exit(...)"))
    polcheck("run", status=1)
    shutil.rmtree(tmp_path / "cache")
    error = polcheck("run", status=2).err
    assert "the pack `acme`" in error and error.count("sha256:") == 2


@pytest.mark.parametrize("place", ["registry"], indirect=True)
@pytest.mark.parametrize("what", ["manifest", "layer"])
def test_a_registry_that_gives_something_else(place: Place, what: str, polcheck: Polcheck, tmp_path: Path) -> None:
    """A manifest or a blob that isn't what its digest says is refused, whatever the registry says."""
    assert isinstance(place, OciPlace)
    address = place.push(pack())
    polcheck("pack", "add", place.source)
    manifest = place.registry.blob(address.partition("@")[2])
    layer = place.registry.blob(json.loads(manifest.read_bytes())["layers"][0]["digest"])
    file = manifest if what == "manifest" else layer
    data = file.read_bytes()
    file.write_bytes(data.replace(b'"acme"', b'"acne"') if what == "manifest" else data[:-1] + bytes([data[-1] ^ 1]))
    assert file.read_bytes() != data
    shutil.rmtree(tmp_path / "cache")
    assert "sha256:" in polcheck("run", status=2).err
    assert not list((tmp_path / "cache").glob("packs/*"))


def test_a_name_that_another_pack_takes_over(polcheck: Polcheck, tmp_path: Path) -> None:
    """Two packs of one name, from two places, are refused, and both places named."""
    one, two = GitPlace(tmp_path / "one"), GitPlace(tmp_path / "two")
    one.publish(pack())
    two.publish(pack("2.0.0", "exit(...)"))
    polcheck("pack", "add", one.source)
    error = polcheck("pack", "add", two.source, status=2).err
    assert "two packs are called `acme`" in error and one.source in error and two.source in error


ENTRY = "version = 1\n[[pack]]\nname = 'a'\nsource = 'x'\nversion = '1'\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("version = 2\n", "version 2"),
        ("version = [\n", "not TOML"),
        ("version = 1\npack = 3\n", "not a lock"),
        ("version = 1\n[[pack]]\nname = 'a'\n", "`"),
        (f"{ENTRY}resolved = 'folder'\ndigest = 'sha1:1'\n", "`digest`"),
        (f"{ENTRY}resolved = 'git:x'\ndigest = 'sha256:{'0' * 64}'\n", "`resolved`"),
        ("version = 1\n[[pack]]\nnames = 'a'\n", "not a lock"),
        ("version = 1\nmore = 1\n", "not a lock"),
    ],
)
def test_a_lock_that_cannot_be_used(text: str, said: str, polcheck: Polcheck) -> None:
    """A broken lock is refused with its path."""
    Path("polcheck.yaml").write_text("packs: [python-project]\n")
    Path("polcheck.lock").write_text(text)
    error = polcheck("run", status=2).err
    assert "polcheck.lock" in error and said in error


def test_nothing_to_prove_is_no_proof(polcheck: Polcheck, tmp_path: Path) -> None:
    """Without a lock there is nothing to verify; a pack that isn't locked is at fault."""
    assert "no pack is locked" in polcheck("pack", "verify", status=2).err
    assert "no pack is locked" in polcheck("pack", "outdated", status=2).err
    polcheck("pack", "add", "python-project")
    text = Path("polcheck.yaml").read_text("utf-8")
    Path("polcheck.yaml").write_text(f"{text}  - airas-base-code\n", "utf-8")
    assert "airas-base-code  FAULT: it is not locked" in polcheck("pack", "verify", status=1).out
