"""Projects for clusters, broken ones among them, and what `polcheck batch` says of them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from clusters.programs import PROJECTS, Cluster, Program
from pack_files import ROOT
from typed import polcheck

PACK = "airas-base-code"


@pytest.fixture(scope="session")
def projects(tmp_path_factory: pytest.TempPathFactory) -> Cluster:
    """Variants of the examples, and projects that are null, no JSON, repeat a key or hold too large a file."""
    parquet: Any = pytest.importorskip("pyarrow.parquet", reason="tables need the extra `parquet`")
    table: Any = pytest.importorskip("pyarrow").Table
    folder = tmp_path_factory.mktemp("cluster")
    examples = [_files(ROOT / "examples" / name) for name in ("ready", "not-ready")]
    rows: list[dict[str, Any]] = []
    for number in range(PROJECTS):
        files = dict(examples[number % 2])
        path = sorted(files)[number % len(files)]
        files[path] += f"\n# {number}\n"
        rows.append({"submission": f"s{number:06}", "files": json.dumps(files)})
    poison = [None, "{", '{"a.py": "x", "a.py": "y"}', "[]", json.dumps({"a.py": "x" * (65 << 20)})]
    for place, text in enumerate(poison, 1):
        rows[place * PROJECTS // (len(poison) + 1)]["files"] = text
    parquet.write_table(table.from_pylist(rows), folder / "projects.parquet", row_group_size=100)
    out = folder / "batch.parquet"
    named = ("--id", "submission", "--field", "files", "--pack", PACK, "--out", out, "-q")
    assert polcheck("batch", folder / "projects.parquet", *named).status == 2
    expected: list[dict[str, Any]] = parquet.read_table(out).to_pylist()
    assert sum(row["requirement"] == "" for row in expected) == len(poison)
    return Cluster(folder, expected)


def _files(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): path.read_text("utf-8") for path in sorted(folder.rglob("*")) if path.is_file()
    }


@pytest.fixture
def cluster(projects: Cluster) -> Iterator[Cluster]:
    """The projects, without rows of an earlier program."""
    for name in ("rows", "checkpoint"):
        shutil.rmtree(projects.folder / name, ignore_errors=True)
    yield projects


@pytest.fixture
def start() -> Iterator[Callable[..., Program]]:
    """Start programs, and end what is left of them."""
    programs: list[Program] = []

    def started(path: Path, *words: str, **environment: str) -> Program:
        programs.append(Program(path, *words, **environment))
        return programs[-1]

    yield started
    for program in reversed(programs):
        program.kill()
