from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from polcheck.base.errors import PolcheckError, PolicyError
from polcheck.packs import shipped as packs
from polcheck.packs.shipped import data_folder, schemas, shipped_packs
from polcheck.project.packs import read_pack

Write = Callable[[Mapping[str, str | bytes]], Path]

PACK = {"pack.yaml": "name: own\nversion: 1.0.0\n", "policies/a.yaml": "id: a\n", ".git/config": "x"}


def refused(name: str | Path) -> str:
    """The text of the error for a pack that can't be read."""
    with pytest.raises(PolicyError) as caught:
        read_pack(name)
    return str(caught.value)


def test_a_pack_in_a_folder(tree: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder gives its files but for `.git`, under the name that was given."""
    monkeypatch.chdir(tree(PACK).parent)
    for name in ("tree", "tree/", "./tree", Path("tree")):
        pack = read_pack(name)
        assert (pack.root, sorted(pack.files)) == (str(name).rstrip("/"), ["pack.yaml", "policies/a.yaml"])


def test_ignored_files_belong_to_a_pack(tree: Write) -> None:
    """What a pack is doesn't depend on .gitignore files."""
    assert "tables/x.yaml" in read_pack(tree({**PACK, ".gitignore": "tables/", "tables/x.yaml": ""})).files


def test_every_shipped_pack_can_be_read() -> None:
    """The packs that ship are found by name, and called by it."""
    names = shipped_packs()
    assert names == sorted(names)
    assert "airas-base-code" in names
    for name in names:
        pack = read_pack(name)
        assert pack.root == name
        assert "pack.yaml" in pack.files


def test_a_folder_does_not_take_a_shipped_packs_place(tree: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of a shipped pack's name is only read when it's named as a path."""
    root = tree({f"airas-base-code/{path}": text for path, text in PACK.items()})
    monkeypatch.chdir(root)
    assert "templates/issue.txt" in read_pack("airas-base-code").files
    assert "policies/a.yaml" in read_pack("./airas-base-code").files
    assert "policies/a.yaml" in read_pack(Path("airas-base-code")).files


def test_an_unknown_pack_is_an_error(tree: Write) -> None:
    """A name that nothing has is named, with the nearest one that there is, or with all of them."""
    assert refused("airas-base-cod") == "there is no pack `airas-base-cod`\nhelp: did you mean `airas-base-code`?"
    assert "`airas-base-code`" in refused("zzz")
    assert "there is no pack.yaml" in refused(tree({"x": ""}))
    assert "is a file and not a pack" in refused(tree(PACK) / "pack.yaml")


def test_a_pack_with_unreadable_files_is_an_error(tree: Write) -> None:
    """A pack isn't used without the files that can't be read; each is named."""
    root = tree(PACK)
    (root / "policies" / "b.yaml").symlink_to("/etc/hostname")
    (root / "policies" / "c.yaml").symlink_to("nowhere")
    text = refused(root)
    assert f"{root}/policies/b.yaml: a file of the pack can't be read: a link that leaves" in text
    assert "policies/c.yaml" in text


def test_a_pack_has_limits(tree: Write) -> None:
    """A file that's too big for a pack is named."""
    assert "`file_bytes`" in refused(tree({**PACK, "tables/x.yaml": bytes(5 << 20)}))


def test_schemas_are_found() -> None:
    """The schemas of policies and of packs are texts of YAML."""
    assert schemas().policy == (data_folder() / "schemas/policy.yaml").read_text("utf-8")
    assert schemas().pack == (data_folder() / "schemas/pack.yaml").read_text("utf-8")


def test_data_lies_in_the_wheel_or_in_the_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`_data` beside the code comes first, then the root of the checkout; with neither there's an error."""
    package = tmp_path / "engine" / "polcheck"
    package.mkdir(parents=True)
    monkeypatch.setattr(packs, "_PACKAGE", package)
    with pytest.raises(PolcheckError, match="install it again"):
        data_folder()
    for folder in (tmp_path, package / "_data"):
        (folder / "schemas").mkdir(parents=True)
        (folder / "schemas/policy.yaml").write_text("")
        assert data_folder() == folder
