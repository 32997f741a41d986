"""Data for the runs: made up, until DATASET_PLACEHOLDER is replaced by the name of a data set."""

import torch
from torch.utils.data import DataLoader, TensorDataset

FEATURES = 16
CLASSES = 4


def make_data(count: int, seed: int) -> TensorDataset:
    """Return points around one centre for each class."""
    generator = torch.Generator().manual_seed(seed)
    centres = torch.randn(CLASSES, FEATURES, generator=generator) * 2
    labels = torch.randint(CLASSES, (count,), generator=generator)
    points = centres[labels] + torch.randn(count, FEATURES, generator=generator)
    return TensorDataset(points, labels)


def loaders(name: str, batch_size: int, seed: int) -> tuple[DataLoader, DataLoader]:
    """Return batches for training and for validation. Raises ValueError for an unknown name."""
    if name != "DATASET_PLACEHOLDER":
        raise ValueError(f"no data set is called {name}")
    data = make_data(1024, seed)
    training, validation = torch.utils.data.random_split(data, [768, 256])
    return DataLoader(training, batch_size, shuffle=True), DataLoader(validation, batch_size)
