"""Time a Ray cluster of one and of two raylets of one CPU each over one table of projects.

    python benchmarks/clusters.py [PROJECTS]

Needs the extra `ray`. The first run of each cluster, which compiles the packs, isn't counted.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pyarrow
import ray
from ray.cluster_utils import Cluster

from polcheck.tables import Judge

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"


def projects(number: int) -> Any:
    """Variants of an example of eight files."""
    root = EXAMPLES / "ready"
    files = {str(path.relative_to(root)): path.read_text("utf-8") for path in root.rglob("*") if path.is_file()}
    path = min(files)
    texts = [json.dumps({**files, path: f"{files[path]}\n# {at}\n"}) for at in range(number)]
    return pyarrow.table({"submission": [f"s{at}" for at in range(number)], "files": texts})


def seconds(table: Any, nodes: int, out: Path) -> float:
    """Return how long a cluster of so many nodes takes."""
    cluster: Any = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    for _ in range(nodes - 1):
        cluster.add_node(num_cpus=1)
    cluster.wait_for_nodes()
    ray.init(address=cluster.address, log_to_driver=False)
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    # NOTE: of two CPUs Ray Data reserves one for the operator that splits blocks: a node is idle half of the time.
    context.op_resource_reservation_enabled = False
    judge = Judge("airas-base-code", field="files", id="submission")
    spent = 0.0
    for _ in range(2):
        shutil.rmtree(out, ignore_errors=True)
        began = time.monotonic()
        rows = ray.data.from_arrow(table).repartition(target_num_rows_per_block=100)
        rows.map_batches(judge, batch_format="pyarrow", batch_size=None).write_parquet(str(out))
        spent = time.monotonic() - began
    ray.shutdown()
    cluster.shutdown()
    return spent


def main() -> None:
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    table = projects(number)
    with tempfile.TemporaryDirectory() as folder:
        one, two = (seconds(table, nodes, Path(folder, "rows")) for nodes in (1, 2))
    print(f"{number} projects: one raylet {one:.1f} s, two {two:.1f} s, ratio {one / two:.2f}")


if __name__ == "__main__":
    main()
