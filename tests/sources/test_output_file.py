from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from polcheck.base.errors import PolcheckError
from polcheck.base.write import write_output


def test_the_file_holds_the_text(tmp_path: Path) -> None:
    """What is written is there in UTF-8, line breaks as they were, and nothing else is left in the folder."""
    write_output(str(tmp_path / "out"), "é\r\n\n")
    assert (tmp_path / "out").read_bytes() == "é\r\n\n".encode()
    assert [file.name for file in tmp_path.iterdir()] == ["out"]


def test_an_existing_file_is_replaced_with_its_mode(tmp_path: Path) -> None:
    """A file that was there is replaced, and who may read it stays; a new one is as the umask says."""
    path = tmp_path / "out"
    path.write_text("old and longer")
    path.chmod(0o640)
    write_output(str(path), "new")
    assert path.read_text() == "new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    old = os.umask(0o027)
    try:
        write_output(str(tmp_path / "fresh"), "")
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "fresh").stat().st_mode) == 0o640


def test_lone_surrogates_are_escaped(tmp_path: Path) -> None:
    """A name that isn't UTF-8 doesn't keep a report from being written."""
    write_output(str(tmp_path / "out"), "a\udcffb")
    assert (tmp_path / "out").read_bytes() == b"a\\udcffb"


def test_a_link_is_written_through(tmp_path: Path) -> None:
    """A link stays a link, and the file that it leads to has the text."""
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    write_output(str(tmp_path / "link"), "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"


def test_pipes_and_devices_are_written_to(tmp_path: Path) -> None:
    """What is no regular file is written to, not replaced."""
    write_output("/dev/null", "x")
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()))
    reader.start()
    write_output(str(pipe), "x")
    reader.join(10)
    assert got == [b"x"]


def test_a_failed_write_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the disk is full, the old file is still whole and nothing half written lies about."""
    path = tmp_path / "out"
    path.write_text("old")

    def full(self: Path, target: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(PolcheckError, match=r"can't write `.*out`: no space left on device"):
        write_output(str(path), "new")
    assert path.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("path", ["nowhere/out", ".", "a\0b", ""])
def test_what_cannot_be_written_is_an_error(path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that is missing, a folder itself, and a name that can't be one are errors with a reason."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PolcheckError, match="can't write"):
        write_output(path, "x")
    assert not list(tmp_path.iterdir())
