"""What to write instead, where an expression has what other languages write and JMESPath doesn't."""

from __future__ import annotations

_AT_START = {  # what the rest begins with, the longest first, and what is right
    "??": "what stands for a missing value follows `||`: `a || b`",
    "?.": "a `.` is enough: a key that is missing is null",
    "?": "there is no `a ? b : c`: write `a && b || c`",
    "=~": "a regular expression is asked for by `matches(text, 'regex')`",
    "=": "equality is written `==`",
    "+": "numbers are added by `add(a, b)`",
    "%": "the remainder is `modulo(a, b)`",
    "*": "numbers are multiplied by `multiply(a, b)`",
    "#": "an expression has no comments: write one outside of its quotes",
    ",": "several values are written `[a, b]`",
}
_WORDS = {  # a whole word, and what is right
    "and": "`&&` is and",
    "or": "`||` is or",
    "in": "whether a list has an item is asked by `includes(list, item)`",
    "is": "equality is written `==`",
    "contains": "whether a string or list has something is asked by `contains(it, something)`",
    "matches": "a regular expression is asked for by `matches(text, 'regex')`",
}
_QUOTES = ("'", '"')


def advice(text: str, at: int) -> str:
    """Return what is right in the place of the unexpected sign or word at `at`; empty where that can't be told."""
    rest, before = text[at:], text[:at].rstrip()
    around = text[max(at - 1, 0) : at], text[at + 1 : at + 2]
    word = _word(rest)
    if rest.startswith(("{{", "}}")) or before.endswith(("${", "{{")) or text.lstrip().startswith(("${", "{{")):
        return "an expression stands alone, without braces around it"
    if word:
        return _of_word(text, at, word, before)
    if rest[:1] in _QUOTES and before.endswith("["):
        return f'a key is written after a dot: `."{rest[1:].partition(rest[0])[0]}"`'
    if rest[:1] == ".":
        if before.endswith("."):
            return "every value below is one of `nodes(@)`, every scalar one of `leaves(@)`"
        return "an expression begins with a key, not with a dot" if not before or before[-1] in "|(" else ""
    if rest[:1] == "/":
        return (
            "numbers are divided by `divide(a, b)`"
            if around[0] == " " and around[1] == " "
            else "what is below is written after a dot: `a.b`"
        )
    if rest[:1] == "-":
        if around[1].isdigit() and before[-1:] in ("=", "<", ">", "(", ","):
            return f"a number is written between backticks: `` `{number_at(text, at)}` ``"
        key = _with_hyphens(text, at)
        return f'a key with a hyphen is written between double quotes: `"{key}"`' if key else _SUBTRACT
    if rest[:1] == ">" and before.endswith("<"):
        return "inequality is written `!=`"
    for sign, right in _AT_START.items():
        if rest.startswith(sign):
            return right
    if rest[:1] and (rest[0].isalpha() or (_is_of_key(around[0]) and _is_of_key(around[1]))):
        return "a key with other signs than letters, digits and `_` is written between double quotes"
    return ""


_SUBTRACT = "numbers are subtracted by `subtract(a, b)`"


def number_at(text: str, at: int) -> str:
    """Return the number that begins at `at`, its fraction and exponent included."""
    end = at + 1 if text[at : at + 1] == "-" else at
    while end < len(text) and (text[end].isdigit() or (text[end] == "." and text[end + 1 : end + 2].isdigit())):
        end += 1
    return text[at:end]


def _of_word(text: str, at: int, word: str, before: str) -> str:
    if word[0].isdigit() and before.endswith((".", ".[")):
        return f"an element is written right after the list: `list[{word}]`"
    if before.endswith("[") and not word[0].isdigit():
        return f"elements are chosen by `[?…]`; a key that is computed is looked up by `get(…, ${word})`"
    if _last_word(before) == "not":
        return f"`!` is not: `!{word}`"
    if word in _WORDS:
        return _WORDS[word]
    return f"a number is written between backticks: `` `{number_at(text, at)}` ``" if word.isdigit() else ""


def _word(text: str) -> str:
    """Return the word of ASCII letters, digits and `_` with which a text begins."""
    end = 0
    while end < len(text) and text[end].isascii() and _is_of_key(text[end]):
        end += 1
    return text[:end]


def _last_word(text: str) -> str:
    start = len(text)
    while start > 0 and _is_of_key(text[start - 1]):
        start -= 1
    return text[start:]


def _with_hyphens(text: str, at: int) -> str:
    """Return the key around the hyphen at `at`; empty where no key can be meant."""
    start, end = at, at + 1
    while start > 0 and (_is_of_key(text[start - 1]) or text[start - 1] == "-"):
        start -= 1
    while end < len(text) and (_is_of_key(text[end]) or text[end] == "-"):
        end += 1
    key = text[start:end]
    return key if start < at and end > at + 1 and key[-1] != "-" else ""


def _is_of_key(char: str) -> bool:
    return char.isalnum() or char == "_"
