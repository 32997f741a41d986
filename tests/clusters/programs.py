"""Programs over projects on a cluster of this machine, and what they have to write."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from pack_files import ROOT

PROJECTS = int(os.environ.get("POLCHECK_TEST_PROJECTS", "300"))
SECONDS = 1.0 * PROJECTS + 240  # for one program, on a machine that is busy
PAGE = (ROOT / "docs/clusters.md").read_text("utf-8")


class Cluster(NamedTuple):
    """A folder with projects for a cluster, and the rows that a batch writes of them."""

    folder: Path
    expected: list[dict[str, Any]]

    def program(self, heading: str) -> Path:
        """The program under a heading of the page, over the files of this folder."""
        match = re.search(rf"^## {heading}\n.*?^```python\n(.*?)^```$", PAGE, re.M | re.S)
        assert match is not None
        path = self.folder / f"{heading.split(maxsplit=1)[0].lower()}_program.py"
        path.write_text(match[1].replace("s3://bucket/", f"{self.folder}/"), "utf-8")
        return path

    def rows(self) -> list[dict[str, Any]]:
        """The rows that a program has written, in an order that is always the same."""
        dataset: Any = pytest.importorskip("pyarrow.dataset")
        files = [str(path) for path in (self.folder / "rows").rglob("*.parquet")]
        return in_order(dataset.dataset(files, format="parquet").to_table(columns=[*self.expected[0]]).to_pylist())

    def check(self) -> None:
        """Hold the rows to those of a batch: none is lost, none is there twice."""
        assert self.rows() == in_order(self.expected)


def in_order(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: json.dumps(row, sort_keys=True))


class Program:
    """A program in processes of its own, all of which end with it."""

    def __init__(self, path: Path, *words: str, **environment: str) -> None:
        self._log = (path.parent / f"{path.stem}.log").open("w+b")
        self._process = subprocess.Popen(
            [sys.executable, str(path), *words],
            cwd=path.parent,
            env={**os.environ, "PYTHONPATH": str(ROOT / "engine"), "RAY_USAGE_STATS_ENABLED": "0", **environment},
            stdin=subprocess.PIPE,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def say(self, text: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(text.encode())
        self._process.stdin.flush()

    @property
    def text(self) -> str:
        self._log.flush()
        return Path(self._log.name).read_text("utf-8", "replace")

    def wait_for(self, condition: Callable[[], object]) -> None:
        """Wait until something holds, which it has to before the program ends."""
        deadline = time.monotonic() + SECONDS
        while not condition():
            assert self.is_running, self.text[-4000:]
            assert time.monotonic() < deadline, self.text[-4000:]
            time.sleep(0.05)

    def finish(self) -> None:
        """Wait for its end, which has to be a good one."""
        assert self._process.wait(SECONDS) == 0, self.text[-4000:]

    def descendants(self) -> dict[int, str]:
        """Every process below it, with its command line."""
        children: dict[int, list[int]] = {}
        for path in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                parent = int((path / "stat").read_text().rpartition(")")[2].split()[1])
                children.setdefault(parent, []).append(int(path.name))
        result: dict[int, str] = {}
        left = [self._process.pid]
        while left:
            for child in children.get(left.pop(), []):
                with suppress(OSError):
                    result[child] = (Path("/proc") / str(child) / "cmdline").read_text().replace("\0", " ")
                left.append(child)
        return result

    def kill(self) -> None:
        """End it and everything below it, as a power cut does."""
        for number in (*self.descendants(), self._process.pid):
            with suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)
        self._process.wait()
        self._log.close()
        if self._process.stdin is not None:
            with suppress(OSError):
                self._process.stdin.close()


def needs(*modules: str) -> pytest.MarkDecorator:
    missing = [name for name in modules if find_spec(name) is None]
    return pytest.mark.skipif(bool(missing), reason=f"{', '.join(missing)} is not installed: extra `clusters`")
