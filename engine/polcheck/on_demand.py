"""Names that a package offers and imports only when they are asked for, so that a command starts without the rest."""

from __future__ import annotations

import sys
from importlib import import_module

TYPE_CHECKING = False  # NOTE: `typing` takes longer to import than this may take
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any


def on_demand(package: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """The `__getattr__` of a package: each name of `homes` comes from the module there, and is then kept.

    INVARIANT: no name is that of a module of the package: importing the module would put it in the name's place.
    """

    def get(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module `{package}` has no attribute `{name}`")
        found = getattr(import_module(homes[name]), name)
        setattr(sys.modules[package], name, found)
        return found

    return get
