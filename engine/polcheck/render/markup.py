"""HTML from Python: every text is escaped unless it is markup already, so that nothing is left to remember."""

from __future__ import annotations

from polcheck.render.escape import html, pieces

_EMPTY = frozenset({"meta", "input", "br"})


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def tag(name: str, /, *children: str | None, **attributes: str | int | bool | None) -> Markup:
    """One element. Children that are None are left out, as are attributes that are None or False.

    An attribute's `_` stands for `-`, one at its end for nothing: `class_`, `data_line`.
    """
    written = "".join(
        f" {key.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{html(str(value))}"')
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    if name in _EMPTY:
        return Markup(f"<{name}{written}>")
    return Markup(f"<{name}{written}>{join(*children)}</{name}>")


def join(*children: str | None) -> Markup:
    """The children one after another, texts escaped."""
    return Markup("".join(c if isinstance(c, Markup) else html(c) for c in children if c is not None))


def prose(text: str) -> Markup:
    """A message or a remedy: its `code` as code, its line breaks kept."""
    parts = []
    for index, piece in enumerate(pieces(text)):
        if index % 2:
            parts.append(tag("code", piece))
        else:
            parts += [Markup(html(line) + "<br>") for line in piece.split("\n")[:-1]]
            parts.append(Markup(html(piece.split("\n")[-1])))
    return join(*parts)
