"""A string literal of a snippet: its text, and the parts of it that bind."""

from __future__ import annotations

import re

import re2

from polcheck.records import record
from polcheck.selectors.syntax.predicates import regex
from polcheck.selectors.syntax.problem import SyntaxProblem

_PART = re.compile(r"\$\$|\$(?P<name>[A-Za-z_]\w*)", re.ASCII)


@record(frozen=True, slots=True)
class Quoted:
    """The texts between the parts that bind, one more than `names`; a name is None for `$_`."""

    texts: tuple[str, ...]
    names: tuple[str | None, ...]

    def parts(self, value: str) -> tuple[str, ...] | None:
        """What each name stands for in `value`, in linear time; None when it doesn't match."""
        if not self.names:
            return () if value == self.texts[0] else None
        if self.texts == ("", ""):
            return (value,)
        pattern = "(?s)" + "(.*?)".join(re2.escape(text) for text in self.texts)
        found = regex(pattern).fullmatch(value)
        return tuple(found.groups()) if found is not None else None


def quoted(value: str, offset: int) -> Quoted:
    """The shape of a decoded `value`; `$$` is a dollar sign. Raises SyntaxProblem for a repeated name."""
    texts, names, done = [""], [], 0
    for found in _PART.finditer(value):
        texts[-1] += value[done : found.start()]
        done = found.end()
        name = found["name"]
        if name is None:
            texts[-1] += "$"
            continue
        if name != "_" and name in names:
            raise SyntaxProblem(f"`${name}` stands twice in one string", offset, "use two names and compare them")
        names.append(None if name == "_" else name)
        texts.append("")
    texts[-1] += value[done:]
    if any(not text for text in texts[1:-1]):
        raise SyntaxProblem("two names in a string need some text between them", offset)
    return Quoted(tuple(texts), tuple(names))
