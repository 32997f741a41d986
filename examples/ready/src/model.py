"""The network of the runs, and the dropout that fades out while it is trained."""

from pathlib import Path

import torch
from torch import nn

from src.preprocess import CLASSES, FEATURES


class SmallNetwork(nn.Module):
    """Two layers with dropout between them."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.dropout = nn.Dropout(0.0)
        self.layers = nn.Sequential(nn.Linear(FEATURES, width), nn.ReLU(), self.dropout, nn.Linear(width, CLASSES))

    def forward(self, points: torch.Tensor) -> torch.Tensor:
        """Return one score for each class."""
        return self.layers(points)


def build(name: str) -> SmallNetwork:
    """Return the model of that name. Raises ValueError for an unknown one."""
    if name != "MODEL_PLACEHOLDER":
        raise ValueError(f"no model is called {name}")
    return SmallNetwork()


def anneal(model: SmallNetwork, start: float, end: float, progress: float) -> None:
    """Set the dropout on its way from `start` to `end`; `progress` goes from 0 to 1."""
    model.dropout.p = start + (end - start) * progress


def save(model: nn.Module, path: Path) -> None:
    """Write the weights of `model`."""
    torch.save(model.state_dict(), path)


def load(name: str, path: Path) -> SmallNetwork:
    """Return the model of that name with the weights in `path`."""
    model = build(name)
    model.load_state_dict(torch.load(path))
    return model
