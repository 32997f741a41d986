"""The network of the runs, and the choice of what to update."""

import torch
from torch import nn


def build(classes: int = 10) -> nn.Module:
    """Return a small convolutional network."""
    return nn.Sequential(
        nn.Conv2d(3, 16, 3, stride=2),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(4),
        nn.Flatten(),
        nn.Linear(256, classes),
    )


def keep_largest(model: nn.Module, share: float) -> None:
    """Set all but the largest gradients of each tensor to zero."""
    for parameter in model.parameters():
        gradient = parameter.grad.abs().flatten()
        limit = torch.quantile(gradient, 1 - share)
        parameter.grad[parameter.grad.abs() < limit] = 0
