"""Values as findings show them: whole, unless they are so large that nobody reads them."""

from __future__ import annotations

from collections.abc import Mapping

from polcheck.documents.config import Json

_LONGEST = 2_000  # characters of one text
_MOST = 1_000  # values, and characters in hundreds, of all bindings of a finding together


def shortened(text: str, most: int = _LONGEST) -> str:
    """The text; of a long one the beginning, and how much is left."""
    return text if len(text) <= most else f"{text[:most]}… ({len(text) - most:,} characters more)"


def cut(values: Mapping[str, Json]) -> dict[str, Json]:
    """The values by name, long texts and large containers shortened.

    NOTE: a policy may bind a file's whole text for each of its findings.
    """
    return {name: _cut(value, [_MOST]) for name, value in values.items()}


def _cut(value: Json, left: list[int]) -> Json:
    """`value`, as much as the entries that are `left` allow; what is left out is told by an ellipsis."""
    if isinstance(value, str):
        left[0] -= 1 + min(len(value), _LONGEST) // 100
        return shortened(value)
    left[0] -= 1
    if isinstance(value, dict):
        made: dict[str, Json] = {}
        for key, entry in value.items():
            if left[0] <= 0:
                made["…"] = f"{len(value) - len(made):,} more"
                break
            made[shortened(key)] = _cut(entry, left)
        return made
    if isinstance(value, list):
        items: list[Json] = []
        for entry in value:
            if left[0] <= 0:
                items.append(f"… ({len(value) - len(items):,} more)")
                break
            items.append(_cut(entry, left))
        return items
    return value
