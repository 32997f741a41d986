"""The programs of docs/clusters.md on real clusters of this machine, a part of which is killed halfway.

`POLCHECK_TEST_PROJECTS=2000` runs them with as many projects.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from clusters.programs import Cluster, Program, needs

pytestmark = pytest.mark.corpus
Start = Callable[..., Program]


def _written(cluster: Cluster) -> int:
    return sum(1 for _ in (cluster.folder / "rows").rglob("*.parquet"))


@needs("ray", "pandas")
def test_a_ray_cluster_that_loses_a_node(cluster: Cluster, start: Start) -> None:
    """Three nodes, one of which is killed when some blocks are written: the rows are those of a batch."""
    nodes = _nodes(cluster, start, 3)
    program = start(cluster.program("Ray Data"), RAY_ADDRESS=_address(nodes))
    program.wait_for(lambda: _written(cluster) >= 2)
    nodes.say("kill\n")
    nodes.wait_for(lambda: "killed" in nodes.text)
    assert program.is_running
    program.finish()
    cluster.check()


@needs("ray", "pandas")
def test_a_ray_program_that_is_started_again(cluster: Cluster, start: Start) -> None:
    """A program that was killed halfway checks what has no rows yet when it is started again."""
    address = _address(_nodes(cluster, start, 2))
    first = start(cluster.program("Ray Data"), RAY_ADDRESS=address)
    first.wait_for(lambda: _written(cluster) >= 2)
    first.kill()
    before = {path: path.stat().st_mtime_ns for path in (cluster.folder / "rows").rglob("*.parquet")}
    start(cluster.program("Ray Data"), RAY_ADDRESS=address).finish()
    assert any(path.exists() and path.stat().st_mtime_ns == time for path, time in before.items())
    cluster.check()


def _nodes(cluster: Cluster, start: Start, number: int) -> Program:
    script = cluster.folder / "ray_nodes.py"
    shutil.copy(Path(__file__).parent / "ray_nodes.py", script)
    nodes = start(script, str(number))
    nodes.wait_for(lambda: "\n" in nodes.text and _address(nodes))
    return nodes


def _address(nodes: Program) -> str:
    return next((line for line in nodes.text.splitlines() if line.count(".") == 3 and line.count(":") == 1), "")


@needs("pyspark", "pandas")
@pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs java: Debian's default-jre-headless")
def test_a_spark_job_that_loses_a_python_worker(cluster: Cluster, start: Start) -> None:
    """Two tasks at once, one of whose Python processes is killed: the rows are those of a batch."""
    settings = {"PYSPARK_PYTHON": sys.executable, "PYSPARK_SUBMIT_ARGS": "--master local[2,4] pyspark-shell"}
    program = start(cluster.program("Spark"), **settings)

    def workers() -> list[int]:
        found = program.descendants()
        hosts = [number for number, line in found.items() if "pyspark.daemon" in line]
        return hosts[1:] if any("worker_main" in line for line in found.values()) else []

    program.wait_for(workers)
    os.kill(workers()[-1], signal.SIGKILL)
    program.finish()
    assert "Python worker exited unexpectedly" in program.text
    cluster.check()


@needs("dask", "distributed", "pandas")
def test_a_dask_cluster_that_loses_a_worker(cluster: Cluster, start: Start) -> None:
    """Two worker processes, one of which is killed when a partition is written: the rows are those of a batch."""
    program = start(cluster.program("Dask"))
    program.wait_for(lambda: _written(cluster) >= 1)
    workers = [number for number, line in program.descendants().items() if "spawn_main" in line]
    assert len(workers) == 2
    os.kill(workers[0], signal.SIGKILL)
    program.finish()
    cluster.check()
