"""Writes down, once imported, every file that its process opens for writing, and whatever it starts or speaks to."""

from __future__ import annotations

import os
import sys
from typing import Any

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_LOG = os.open(os.environ["POLCHECK_MARK"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
_CHANGES = frozenset(
    {"os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink", "os.truncate", "os.chmod", "os.chown",
     "os.utime", "shutil.rmtree", "shutil.move", "shutil.copyfile"}
)  # fmt: skip


def _watch(event: str, given: tuple[Any, ...]) -> None:
    if event == "open":
        path, mode, flags = given
        writes = flags & _WRITES if isinstance(flags, int) else any(char in str(mode) for char in "wax+")
        if not writes:
            return
    elif event == "subprocess.Popen" and any("polcheck.base.worker_main" in str(word) for word in given[1]):
        return  # polcheck itself, which is watched as well
    elif event.startswith(("socket.", "urllib.", "subprocess.", "ftplib.", "http.", "smtplib.")) or event in (
        "os.system", "os.exec", "os.posix_spawn", "os.spawn", "pty.spawn",
    ):  # fmt: skip
        path = "!" + event
    elif event in _CHANGES:
        path = given[-3] if event == "os.rename" else given[0]
    else:
        return
    if not isinstance(path, int):
        said = path if str(path).startswith("!") else os.path.abspath(os.fsdecode(path))  # noqa: PTH100
        os.write(_LOG, (said + "\n").encode())


sys.addaudithook(_watch)
