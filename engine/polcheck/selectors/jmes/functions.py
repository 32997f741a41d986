"""Every function that an expression can call.

A null argument makes the result null, except for `type`, `not_null` and `to_…`. In a list of numbers or of texts
(`sum`, `avg`, `min`, `max`, `join`, `sort`) nulls are left out; `sort_by` puts elements whose key is null last, and
`min_by` and `max_by` leave them out. A policy meets documents that lack a key far more often than it means one that
must be there, and a type error would leave it undecided. Any other value of a wrong type is an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from polcheck.selectors.jmes.below import BELOW
from polcheck.selectors.jmes.signature import Function
from polcheck.selectors.jmes.standard import STANDARD
from polcheck.selectors.jmes.texts import TEXTS

FUNCTIONS: Mapping[str, Function] = MappingProxyType(dict(sorted({**STANDARD, **TEXTS, **BELOW}.items())))
