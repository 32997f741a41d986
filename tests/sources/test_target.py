from __future__ import annotations

import io
import os
import socket
import sys
from pathlib import Path

import pytest

from polcheck.base.errors import SubmissionError
from polcheck.sources.target import read_submission


def test_a_file_of_no_known_kind_is_an_error(tmp_path: Path) -> None:
    """A source file is no submission, and the error says what would be one."""
    (tmp_path / "main.py").write_text("{}")
    says = r"`.*main.py` is neither a folder nor one of \.json, \.zip.*name the folder"
    with pytest.raises(SubmissionError, match=says):
        read_submission(tmp_path / "main.py")


def test_standard_input_is_the_default_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    """`-` without a stream is the process's own standard input."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b'{"a": "x"}')))
    found = read_submission("-")
    assert (found.name, dict(found.fields)) == ("-", {"a": b"x"})


@pytest.mark.skipif(not Path("/dev/fd").is_dir(), reason="the system has no /dev/fd")
def test_a_pipe_is_read_as_a_stream() -> None:
    """What a shell passes as a file, as in `polcheck run <(make-bundle)`, is read to its end."""
    reading, writing = os.pipe()
    with os.fdopen(writing, "wb") as file:
        file.write(b'{"a": "x"}')
    try:
        assert dict(read_submission(f"/dev/fd/{reading}").fields) == {"a": b"x"}
    finally:
        os.close(reading)


def test_a_socket_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What can't be opened is named with the reason."""
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("x.json")
        with pytest.raises(SubmissionError, match=r"`x\.json` can't be read: no such device"):
            read_submission("x.json")


@pytest.mark.parametrize("options", [{"rev": "HEAD"}, {"tracked": True}])
def test_only_folders_have_revisions(tmp_path: Path, options: dict[str, object]) -> None:
    """A revision or tracked files of anything but a folder are refused, not passed over."""
    path = tmp_path / "x.json"
    path.write_text('{"a": ""}')
    for target, stdin in ((path, None), ("-", io.BytesIO(path.read_bytes()))):
        with pytest.raises(SubmissionError, match="read from a folder"):
            read_submission(target, stdin=stdin, **options)  # type: ignore[arg-type]
