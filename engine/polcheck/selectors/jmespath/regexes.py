"""Regular expressions (RE2) of functions: compiled once, and searched in strings that Unicode doesn't allow, too."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import re2

from polcheck.selectors.jmespath.values import TypeMismatchError
from polcheck.selectors.text import too_much

_REPLACEMENT = re.compile(r"\\(.)|\\$", re.DOTALL)
_SURROGATE = re.compile(r"[\ud800-\udfff]")


@lru_cache(maxsize=1024)
def regex(pattern: str) -> Any:
    """Return the compiled pattern. Raises TypeMismatchError when it isn't one."""
    over = too_much(pattern)
    if over:
        raise TypeMismatchError(over, 1)
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern, options=options)
    except re2.error as error:
        reason = error.args[0] if error.args else ""
        text = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        raise TypeMismatchError(f"`{pattern}` is not a regular expression: {text}", 1) from None
    except UnicodeEncodeError:
        raise TypeMismatchError("a regular expression can't hold half a surrogate pair", 1) from None


@lru_cache(maxsize=256)
def replacement(pattern: str, template: str) -> tuple[str | int, ...]:
    r"""Return the template as texts and group numbers. Raises TypeMismatchError for a group that `pattern` lacks."""
    groups: int = regex(pattern).groups
    parts: list[str | int] = []
    end = 0
    for match in _REPLACEMENT.finditer(template):
        parts.append(template[end : match.start()])
        end = match.end()
        if not (match[1] and match[1] in "0123456789"):
            parts.append(match[1] or "\\")
        elif int(match[1]) <= groups:
            parts.append(int(match[1]))
        else:
            raise TypeMismatchError(f"`{match[0]}` in `{template}`: `{pattern}` has {groups} groups", 2)
    parts.append(template[end:])
    return tuple(part for part in parts if part != "")


def encodable(text: str) -> str:
    """Return the text with each half of a surrogate pair, which RE2 can't take, as one replacement character."""
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)
