"""Packs from strangers: nothing of theirs is run or followed, and what isn't plain files is refused."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

import pytest

from packs.conftest import Polcheck
from packs.places import GitPlace, git, pack


def test_a_hook_of_another_repository_does_not_get_in_the_way(
    polcheck: Polcheck, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """polcheck in a git hook, whose environment names the hook's repository, fetches from where it's told."""
    place = GitPlace(tmp_path / "place")
    place.publish(pack())
    git(tmp_path, "init", "--quiet", "other")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other" / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "other" / ".git" / "index"))
    polcheck("pack", "add", place.source)
    polcheck("run", status=1)


def test_nothing_in_a_repository_is_run(polcheck: Polcheck, tmp_path: Path) -> None:
    """Hooks, filters and submodules of a repository are files like others, or nothing."""
    place = GitPlace(tmp_path / "place")
    witness = tmp_path / "witness"
    attributes = {".gitattributes": "* filter=evil export-subst ident\n", ".gitmodules": "[submodule]\n"}
    place.publish({**pack(), **attributes})
    for name in ("post-checkout", "post-upload-pack", "reference-transaction", "pre-receive"):
        hook = place.bare / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ntouch {witness}\n")
        hook.chmod(0o755)
    git(place.bare, "config", "filter.evil.smudge", f"touch {witness}")
    git(place.bare, "config", "uploadpack.packObjectsHook", f"touch {witness}")
    polcheck("pack", "add", place.source)
    polcheck("run", status=1)
    assert not witness.exists()


@pytest.mark.parametrize("target", ["policies/p.yaml", "/etc/passwd", "../../../etc/passwd"])
def test_links_in_a_repository_are_refused(target: str, polcheck: Polcheck, tmp_path: Path) -> None:
    """A pack holds no link, wherever it leads."""
    place = GitPlace(tmp_path / "place")
    place.publish(pack())
    (place.work / "web" / "tables").mkdir()
    (place.work / "web" / "tables" / "x.yaml").symlink_to(target)
    git(place.work, "add", "--all")
    git(place.work, "commit", "--quiet", "-m", "link")
    git(place.work, "push", "--quiet", str(place.bare), "HEAD:main")
    error = polcheck("pack", "add", place.source, status=2).err
    assert "tables/x.yaml: a file of the pack can't be read: a link" in error


@pytest.mark.parametrize("kind", ["up", "absolute", "link", "device", "twice", "huge", "empty", "none"])
def test_archives_that_are_not_plain_files_are_refused(kind: str, polcheck: Polcheck, tmp_path: Path) -> None:
    """Names that lead out, links, devices, doubles and bombs end with a sentence, and nothing is kept."""
    path = tmp_path / "acme.tar.gz"
    entries = {name: text.encode() for name, text in pack().items()}
    with tarfile.open(path, "w:gz") as archive:
        for name, data in entries.items() if kind != "empty" else ():
            add(archive, name if kind != "none" else f"a/b/{name}", data)
        if kind in ("up", "absolute"):
            add(archive, "../x" if kind == "up" else "/x", b"x")
        elif kind == "twice":
            add(archive, "pack.yaml", b"name: other\nversion: 1.0.0\n")
        elif kind == "huge":
            add(archive, "tables/x.yaml", bytes(300 * 1024 * 1024))
        elif kind in ("link", "device"):
            entry = tarfile.TarInfo("tables/x.yaml")
            entry.type, entry.linkname = (tarfile.SYMTYPE, "/etc/passwd") if kind == "link" else (tarfile.CHRTYPE, "")
            archive.addfile(entry)
    error = polcheck("pack", "add", str(path), status=2).err
    assert "acme.tar.gz" in error and "Traceback" not in error
    assert not os.path.lexists("polcheck.lock") and not list((tmp_path / "cache").glob("packs/*"))


def add(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    """Adds a file to an archive."""
    entry = tarfile.TarInfo(name)
    entry.size = len(data)
    archive.addfile(entry, io.BytesIO(data))


def test_a_pack_in_a_deeper_folder_can_be_named(polcheck: Polcheck, tmp_path: Path) -> None:
    """An archive with several folders has its pack named, below the one that holds everything."""
    path = tmp_path / "acme.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name, text in pack().items():
            add(archive, f"top/packs/web/{name}", text.encode())
        add(archive, "top/README", b"x")
    assert "there is no pack.yaml" in polcheck("pack", "add", str(path), status=2).err
    polcheck("pack", "add", f"{path}#subdirectory=packs/web")
    polcheck("run", status=1)
