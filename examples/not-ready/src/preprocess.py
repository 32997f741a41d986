"""Data for the runs."""

import torchvision
from torch.utils.data import DataLoader
from torchvision import transforms


def loaders(batch_size: int) -> tuple[DataLoader, DataLoader]:
    """Return batches for training and for validation."""
    training, validation = (
        torchvision.datasets.CIFAR10("data", train=part, download=True, transform=transforms.ToTensor())
        for part in (True, False)
    )
    return DataLoader(training, batch_size, shuffle=True), DataLoader(validation, batch_size)
