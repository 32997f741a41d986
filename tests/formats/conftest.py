from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from polcheck.formats.values import Config, Json, Pointer

Scalar = tuple[int, Pointer, Json]


def _walk(value: Json, pointer: Pointer) -> Iterator[tuple[Pointer, Json]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _walk(item, (*pointer, key))
    elif isinstance(value, list):
        for position, item in enumerate(value):
            yield from _walk(item, (*pointer, position))
    else:
        yield pointer, value


@pytest.fixture(scope="session")
def scalars() -> Callable[[Config], list[Scalar]]:
    """Gives every scalar of a config: its document, its pointer and itself."""

    def scalars(config: Config) -> list[Scalar]:
        documents = enumerate(config.values)
        return [(index, *found) for index, value in documents for found in _walk(value, ())]

    return scalars
