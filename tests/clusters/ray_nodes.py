"""A Ray cluster on this machine for the tests: as many nodes of one CPU as its argument says, each a raylet of its own.

Prints the address when they are up; a line on standard input kills the last node, the end of input ends the cluster.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any


def main() -> None:
    cluster_class: Any = import_module("ray.cluster_utils").Cluster
    head = {"num_cpus": 1, "object_store_memory": 200 << 20, "include_dashboard": False}
    cluster = cluster_class(initialize_head=True, head_node_args=head)
    nodes = [cluster.add_node(num_cpus=1, object_store_memory=200 << 20) for _ in range(int(sys.argv[1]) - 1)]
    cluster.wait_for_nodes()
    print(cluster.address, flush=True)  # noqa: T201
    for _ in sys.stdin:
        cluster.remove_node(nodes.pop(), allow_graceful=False)
        print("killed", flush=True)  # noqa: T201
    cluster.shutdown()


if __name__ == "__main__":
    main()
