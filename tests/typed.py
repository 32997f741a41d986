"""A command as it is typed, run in this process."""

from __future__ import annotations

import io
import sys
from contextlib import redirect_stderr, redirect_stdout
from typing import NamedTuple
from unittest import mock

import pytest

from polcheck.cli import main


class Ran(NamedTuple):
    """What a command printed, and its exit status."""

    status: int
    out: str
    err: str


def polcheck(*arguments: object, stdin: str = "") -> Ran:
    """Runs `polcheck` with these arguments."""
    out, err = io.StringIO(), io.StringIO()
    given = io.TextIOWrapper(io.BytesIO(stdin.encode()))
    argv = ["polcheck", *map(str, arguments)]
    patched = mock.patch.multiple(sys, argv=argv, stdin=given)
    with redirect_stdout(out), redirect_stderr(err), patched, pytest.raises(SystemExit) as leave:
        main()
    status = leave.value.code
    assert isinstance(status, int)
    return Ran(status, out.getvalue(), err.getvalue())
