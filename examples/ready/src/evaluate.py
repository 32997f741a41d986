"""Compare the runs: one figure, and one line of JSON."""

import argparse
import json
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np


def compare(results_dir: Path) -> dict:
    """Return the accuracy of each run, the best of them and the spread."""
    found = [json.loads(path.read_text()) for path in sorted(results_dir.glob("*/metrics.json"))]
    scores = {metrics["run_id"]: metrics["accuracy"] for metrics in found}
    spread = float(np.ptp(list(scores.values())))
    return {"accuracy": scores, "best": max(scores, key=scores.get), "spread": spread}


def draw(scores: dict[str, float], path: Path) -> None:
    """Save one bar for each run."""
    figure, axes = plt.subplots()
    bars = axes.bar(list(scores), list(scores.values()), label="validation accuracy")
    axes.bar_label(bars, fmt="%.2f")
    axes.legend()
    figure.savefig(path, bbox_inches="tight")


def main() -> None:
    """Compare the runs in the folder that is named on the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--results-dir", type=Path, required=True)
    results_dir = parser.parse_args().results_dir
    comparison = compare(results_dir)
    draw(comparison["accuracy"], results_dir / "comparison.pdf")
    print(json.dumps(comparison))


if __name__ == "__main__":
    main()
