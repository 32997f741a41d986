"""Searches that go wrong in the worker process that makes them."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import Any
from unittest import mock

from polcheck.policy import templates
from polcheck.scan.rows import FileRows
from polcheck.scan.workers import FileSearch, Task


class Hanging(FileSearch, frozen=True):
    """A search that never ends for one file; it leaves a mark with the number of its process first.

    NOTE: neither a signal's function nor another thread runs meanwhile, as within tree-sitter.
    """

    def rows(self, task: Task) -> FileRows:
        """The rows of any other file."""
        if task.path.endswith("m3.py"):
            Path(f"{os.environ['POLCHECK_MARK']}{os.getpid()}").touch()
            re.match("(a+)+$", "a" * 60 + "b")
        return super().rows(task)


class Deleting(FileSearch, frozen=True):
    """A search that removes the submission first."""

    def rows(self, task: Task) -> FileRows:
        """The rows of a file that was read before."""
        shutil.rmtree("work", ignore_errors=True)
        return super().rows(task)


def rendered_without_fuel(request: Any) -> templates.Answer[str]:
    """The rendered template of a request, whatever it takes."""
    from minijinja import Environment

    with mock.patch.object(templates, "_environment", lambda _fuel: Environment(undefined_behavior="chainable")):
        return templates.rendered(request)
