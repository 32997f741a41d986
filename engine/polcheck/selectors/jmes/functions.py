"""Every function that an expression can call."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from polcheck.selectors.jmes.below import BELOW
from polcheck.selectors.jmes.signature import Function
from polcheck.selectors.jmes.standard import STANDARD
from polcheck.selectors.jmes.texts import TEXTS

FUNCTIONS: Mapping[str, Function] = MappingProxyType(dict(sorted({**STANDARD, **TEXTS, **BELOW}.items())))
