"""One run: train a model with its dropout, save it, and print how it went."""

import argparse
import json
from pathlib import Path

import matplotlib.pyplot as plt
import torch
import yaml

from src import model as models
from src.preprocess import loaders


def accuracy(model: torch.nn.Module, batches: torch.utils.data.DataLoader) -> float:
    """Return the share of points whose class is found."""
    model.eval()
    right = total = 0
    with torch.no_grad():
        for points, labels in batches:
            right += int((model(points).argmax(dim=1) == labels).sum())
            total += len(labels)
    return right / total


def train(run: dict, results_dir: Path) -> dict:
    """Train the model of `run`; return its metrics."""
    settings = run["training"]
    torch.manual_seed(settings["seed"])
    training, validation = loaders(run["dataset"], settings["batch_size"], settings["seed"])
    model = models.build(run["model"])
    optimizer = torch.optim.Adam(model.parameters(), lr=settings["learning_rate"])
    history = []
    for epoch in range(settings["epochs"]):
        models.anneal(model, run["dropout"]["start"], run["dropout"]["end"], epoch / settings["epochs"])
        model.train()
        for points, labels in training:
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(model(points), labels)
            loss.backward()
            optimizer.step()
        history.append(accuracy(model, validation))
    folder = results_dir / run["run_id"]
    models.save(model, folder / "weights.pt")
    draw(history, folder / "accuracy.pdf")
    best = models.load(run["model"], folder / "weights.pt")
    return {"run_id": run["run_id"], "history": history, "accuracy": accuracy(best, validation)}


def draw(history: list[float], path: Path) -> None:
    """Save the accuracy after each epoch as a figure."""
    figure, axes = plt.subplots()
    axes.plot(history, label="validation")
    axes.annotate(f"{history[-1]:.2f}", (len(history) - 1, history[-1]))
    axes.set(xlabel="epoch", ylabel="accuracy")
    axes.legend()
    figure.savefig(path, bbox_inches="tight")


def main() -> None:
    """Train the run in the configuration file that is named on the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--results-dir", type=Path, required=True)
    arguments = parser.parse_args()
    run = yaml.safe_load(arguments.config.read_text())
    print(f"Run {run['run_id']}: dropout from {run['dropout']['start']} to {run['dropout']['end']}")
    metrics = train(run, arguments.results_dir)
    (arguments.results_dir / run["run_id"] / "metrics.json").write_text(json.dumps(metrics))
    print(json.dumps(metrics))


if __name__ == "__main__":
    main()
