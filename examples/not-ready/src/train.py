"""One run: train with sparse updates and print how it went."""

import argparse
import json
from pathlib import Path

import torch
import yaml

from src.model import build, keep_largest
from src.preprocess import loaders
from src.utils import set_seed


def train(run: dict, folder: Path) -> dict:
    """Train the model of `run`; return its metrics."""
    set_seed(1)
    training, validation = loaders(batch_size=128)
    model = build()
    optimizer = torch.optim.SGD(model.parameters(), lr=run["learning_rate"])
    for _ in range(run["epochs"]):
        for images, labels in training:
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(model(images), labels).backward()
            keep_largest(model, run["share"])
            optimizer.step()
    torch.save(model.state_dict(), folder / "weights.pt")
    right = sum(int((model(images).argmax(dim=1) == labels).sum()) for images, labels in validation)
    return {"run_id": run["run_id"], "share": run["share"], "right": right}


def main() -> None:
    """Train the run in the configuration file that is named on the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--results-dir", type=Path, required=True)
    arguments = parser.parse_args()
    run = yaml.safe_load(arguments.config.read_text())
    folder = arguments.results_dir / run["run_id"]
    metrics = train(run, folder)
    (folder / "metrics.json").write_text(json.dumps(metrics))
    print(json.dumps(metrics))


if __name__ == "__main__":
    main()
