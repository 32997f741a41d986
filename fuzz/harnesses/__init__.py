"""Harnesses: each takes bytes that a stranger might send, and holds one part of polcheck to what it promises.

A harness gives a text of what it found out, the same for the same bytes. Whatever it raises is a fault of polcheck.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import cast

from polcheck.formats import formats

Harness = Callable[[bytes], str]

CORPUS = Path(__file__).resolve().parents[1] / "corpus"
# name -> module of this package, function in it
HARNESSES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        **{name: ("configs", name) for name in formats()},
        "python": ("code", "python"),
        "pattern": ("code", "pattern"),
        "query": ("code", "query"),
        "constants": ("code", "constants"),
        "jmespath": ("expressions", "jmespath"),
        "text": ("texts", "text"),
        "files": ("texts", "files"),
        "policy": ("packs", "policy"),
        "pack": ("packs", "pack"),
        "report": ("reports", "report"),
    }
)
# NOTE: tree-sitter's recovery takes memory with the cube of a text's length; polcheck parses longer ones in a process
# that can be lost, and a harness has none.
LONGEST = 1_400


def harness(name: str) -> Harness:
    """The harness of that name. Raises KeyError for one that there isn't."""
    module, function = HARNESSES[name]
    return cast(Harness, getattr(import_module(f"harnesses.{module}"), function))


def corpus(name: str) -> list[bytes]:
    """The inputs that are kept for a harness, in order of their names."""
    return [path.read_bytes() for path in sorted((CORPUS / name).iterdir())]
