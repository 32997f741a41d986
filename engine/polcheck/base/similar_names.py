"""Help for a name that isn't known: what is spelled alike, else what there is."""

from __future__ import annotations

from collections.abc import Iterable

_MOST_LISTED = 8  # names that are listed in a line


def similar_names(name: str, known: Iterable[str], most: int = 1) -> list[str]:
    """Return up to `most` of the known names that are spelled like `name`, whatever their case; the closest first."""
    import difflib  # NOTE: only what goes wrong needs it

    spellings: dict[str, str] = {}
    for each in sorted(known):
        spellings.setdefault(each.casefold(), each)
    return [spellings[close] for close in difflib.get_close_matches(name.casefold(), spellings, n=most)]


def did_you_mean(name: str, known: Iterable[str], otherwise: str = "", *, most: int = 1) -> str:
    """Return the question whether one of the known names is meant; `otherwise` where none is spelled like `name`."""
    close = similar_names(name, known, most)
    return f"did you mean {' or '.join(f'`{each}`' for each in close)}?" if close else otherwise


def one_of(known: Iterable[str]) -> str:
    """Return the known names as a line that lists them, the first few where there are many; empty for none."""
    names = sorted(known)
    if not names:
        return ""
    listed = ", ".join(f"`{each}`" for each in names[:_MOST_LISTED])
    rest = len(names) - _MOST_LISTED
    if rest > 0:
        return f"there are {listed} and {rest} more"
    return f"one of {listed}" if len(names) > 1 else f"there is only {listed}"
