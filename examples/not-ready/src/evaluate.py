"""Compare the runs: one figure, and one line of JSON."""

import argparse
import json
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np


def main() -> None:
    """Compare the runs in the folder that is named on the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--results-dir", type=Path, required=True)
    results_dir = parser.parse_args().results_dir
    found = [json.loads(path.read_text()) for path in sorted(results_dir.glob("*/metrics.json"))]
    order = np.argsort([metrics["share"] for metrics in found])
    figure, axes = plt.subplots()
    axes.plot([found[i]["share"] for i in order], [found[i]["right"] for i in order], label="validation")
    for i in order:
        axes.annotate(found[i]["run_id"], (found[i]["share"], found[i]["right"]))
    axes.legend()
    figure.savefig(results_dir / "comparison.pdf", bbox_inches="tight")
    print(json.dumps({metrics["run_id"]: metrics["right"] for metrics in found}))


if __name__ == "__main__":
    main()
