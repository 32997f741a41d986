"""Message and remedy templates: minijinja over plain data, bounded by fuel.

Undefined names are refused when a pack is loaded; a template that fails or runs out of fuel raises TemplateFault.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeVar

from polcheck.base.codec import Codec
from polcheck.base.errors import PolcheckError
from polcheck.base.worker import Overrun, Worker

if TYPE_CHECKING:
    from minijinja import Environment

MESSAGE_FUEL = 50_000
TEXT_FUEL = 5_000_000
MAX_OUTPUT = 1_000_000
MAX_LENGTH = 500_000
_FEW_CHARACTERS = 5_000
_MADE_HERE = 10_000_000  # characters, at most, that a template may make in this process
_ATOM = r"""(?:[A-Za-z_]\w*(?:\.\w+|\[\d+\])*|\d{1,9}|'[^'\\]{0,99}'|"[^"\\]{0,99}")"""
_FILTERS = (
    r"upper|lower|trim|capitalize|length|first|last",
    rf"default\({_ATOM}\)",
    r"join\('[^'\\]{0,9}'\)",
    r"replace\('[^'\\]', '[^'\\]?'\)",
)
_FILTERED = rf"{_ATOM}(?:\s*\|\s*(?:{'|'.join(_FILTERS)})){{0,3}}"
_TEST = rf"(?:not\s+)?{_FILTERED}(?:\s*(?:==|!=|<=?|>=?|\s(?:not )?in\s)\s*{_ATOM})?"
_FILLING = (  # compiled where it is needed: that takes milliseconds
    rf"\{{\{{-?\s*{_FILTERED}\s*-?\}}\}}"
    rf"|\{{%-?\s*(?:(?:el)?if\s+{_TEST}(?:\s+(?:and|or)\s+{_TEST})*|else|endif)\s*-?%\}}"
)
_NAME = re.compile(r"\{\{ [A-Za-z_]\w* \}\}")
_ELSE = re.compile(r"\{[{%#]")
_OPENING = re.compile(r"\{[{#%]")
_RAW = re.compile(r"\{%[-+]?\s*raw\s*[-+]?%\}")
_RAW_END = re.compile(r"\{%[-+]?\s*endraw\s*[-+]?%\}")
_WHERE = re.compile(r" \(in <string>:\d+\)$")  # of a text that has no file
_FUNCTIONS = frozenset({"debug", "dict", "namespace", "range"})  # minijinja's own

_T = TypeVar("_T")
Answer = tuple[Literal[True], _T] | tuple[Literal[False], str]
Beside = Worker[Any, Answer[str]]
"""The process in which `rendered` answers for the templates of one report."""
_TEXT: Codec[Answer[str]] = Codec(tuple[bool, str])
_NAMES: Codec[Answer[frozenset[str]]] = Codec(tuple[bool, str | frozenset[str]])


class TemplateFault(PolcheckError):
    """A template that can't be compiled or rendered; its text says why."""


class TemplateOverrun(TemplateFault):
    """A template whose process had to be ended: rendering it again would cost as much again."""


@lru_cache(maxsize=2)
def _environment(fuel: int) -> Environment:
    from minijinja import Environment

    environment = Environment(undefined_behavior="chainable", fuel=fuel, pycompat=True, finalizer=_printed)
    environment.add_filter("join", _joined)
    environment.trim_blocks = True
    environment.lstrip_blocks = True
    environment.auto_escape_callback = lambda name: False
    return environment


@lru_cache(maxsize=4096)
def names(text: str) -> frozenset[str]:
    """Return the names that a template reads. Raises TemplateFault when it does not compile.

    NOTE: the engine's parser goes down a chain of operators by recursion that nothing bounds: 20,000 of `-` end its
    process.
    """
    if len(text) > MAX_LENGTH:
        raise TemplateFault(f"a template of more than {MAX_LENGTH:,} characters")
    return _alone(Worker(_names, _NAMES), text) if len(text) > _FEW_CHARACTERS else _result(_names(text))


def render(
    text: str, scope: Mapping[str, Any], fuel: int = MESSAGE_FUEL, beside: Beside | None = None, *, ours: bool = False
) -> str:
    """Return the rendered text. Raises TemplateFault when it fails, runs out of fuel or grows past MAX_OUTPUT
    characters.

    NOTE: fuel counts instructions and, before minijinja 3.1, not what they make; a text that doubles a few dozen times
    fills all memory, and the engine then ends its process. Templates that do more than fill in are rendered in a
    process beside this one, which ends with `beside`, or at once without it; unless they are `ours`, which grow with
    their scope only.
    """
    wanted = names(text)
    request = (text, {name: value for name, value in scope.items() if name in wanted}, fuel)
    if (ours or fills_in(text)) and _weight(request[1]) * (1 if ours else text.count("{")) < _MADE_HERE:
        return _result(rendered(request))
    return _asked(beside, request) if beside else _alone(renderer(), request)


@lru_cache(maxsize=4096)
def fills_in(text: str) -> bool:
    """Return whether a template only puts values into a text, on conditions: what it makes is no more than those
    values.
    """
    rest = _NAME.sub("", text)
    return len(text) <= _FEW_CHARACTERS and not (_ELSE.search(rest) and _ELSE.search(_filling().sub("", rest)))


@lru_cache(maxsize=1)
def _filling() -> re.Pattern[str]:
    return re.compile(_FILLING)


def rendered(request: tuple[str, Mapping[str, Any], int]) -> Answer[str]:
    """Return whether the template of a request (text, scope, fuel) could be rendered, and the text, or why not."""
    text, scope, fuel = request
    try:
        result = _environment(fuel).render_str(with_nulls(text), **scope)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # NOTE: a panic of the engine, which is native code, is no Exception
        reason = _reason(error)
        return False, f"{reason} (after {fuel:,} steps)" if reason.endswith("out of fuel") else reason
    if len(result) > MAX_OUTPUT:
        return False, f"the output grows past {MAX_OUTPUT} characters"
    return True, result


def _printed(value: Any) -> Any:
    """Return what is printed of a value: the engine's own text, but JSON's for booleans, lists and mappings."""
    if value is True or value is False or isinstance(value, list | dict | tuple):
        return json.dumps(value, ensure_ascii=False, default=str)
    return NotImplemented


def _joined(values: Any, between: str = "") -> str:
    """Return the filter `join`: texts as they are, everything else as it is printed."""
    texts = (value if isinstance(value, str) else json_text(value) for value in (() if values is None else values))
    return between.join(texts)


def json_text(value: Any) -> str:
    """Return the text of a value in a message: JSON's, without quotes around a string."""
    if isinstance(value, bool | list | dict | tuple) or value is None:
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


@lru_cache(maxsize=4096)
def with_nulls(text: str) -> str:
    """Return a template that prints `null` where `text` prints a null: the engine would print Python's word for it.

    NOTE: the engine hands null and what isn't there at all to its hooks as one value, and what isn't there is printed
    as nothing; only a test in the template tells them apart.
    """
    result: list[str] = []
    done = position = 0
    while (opening := _OPENING.search(text, position)) is not None:
        start = opening.start()
        position = _end_of_tag(text, start)
        if position < 0:
            break
        if opening[0] == "{{":
            inner = text[start + 2 : position - 2]
            left = inner[:1] if inner[:1] in ("-", "+") else ""
            right = inner[-1:] if inner[-1:] in ("-", "+") and len(inner) > len(left) else ""
            expression = inner[len(left) : len(inner) - len(right)]
            printed = f" 'null' if ({expression}) is none else ({expression}) "
            result += [text[done:start], "{{", left, printed, right, "}}"]
            done = position
    return "".join(result) + text[done:]


def _end_of_tag(text: str, start: int) -> int:
    """Return where a tag, comment or raw block is over that begins at `start`; -1 where it never is."""
    raw = _RAW.match(text, start)
    if raw is not None:
        closing = _RAW_END.search(text, raw.end())
        return closing.end() if closing else -1
    if text.startswith("{#", start):
        end = text.find("#}", start)
        return end + 2 if end >= 0 else -1
    closed = "}}" if text.startswith("{{", start) else "%}"
    depth, position = 0, start + 2
    while position < len(text):
        sign = text[position]
        if sign in "'\"":
            position = _end_of_string(text, position)
            continue
        if not depth and text.startswith(closed, position):
            return position + 2
        depth += (sign in "([{") - (sign in ")]}")
        position += 1
    return -1


def _end_of_string(text: str, position: int) -> int:
    """Return where a string of an expression, which begins at `position`, is over."""
    quote = text[position]
    position += 1
    while position < len(text) and text[position] != quote:
        position += 2 if text[position] == "\\" else 1
    return position + 1


def _names(text: str) -> Answer[frozenset[str]]:
    try:
        return True, frozenset(_environment(MESSAGE_FUEL).undeclared_variables_in_str(text)) - _FUNCTIONS
    except Exception as error:
        return False, _reason(error)


def renderer() -> Beside:
    """Return a process of its own for `rendered`, which starts with its first request."""
    return Worker(rendered, _TEXT, doing="the template")


def _alone(aside: Worker[Any, Answer[_T]], request: Any) -> _T:
    """Return the answer to one request of a process that ends with it. Raises TemplateFault."""
    try:
        return _asked(aside, request)
    finally:
        aside.close()


def _asked(aside: Worker[Any, Answer[_T]], request: Any) -> _T:
    try:
        return _result(aside.ask(request))
    except Overrun as error:
        raise TemplateOverrun(str(error)) from None


def _result(answer: Answer[_T]) -> _T:
    if answer[0] is True:
        return answer[1]
    raise TemplateFault(answer[1])


def _weight(value: Any) -> int:
    """About how many characters a value has when it is written."""
    if isinstance(value, str):
        return len(value) + 2
    if isinstance(value, Mapping):
        return 2 + sum(_weight(key) + _weight(entry) for key, entry in value.items())
    if isinstance(value, list | tuple):
        return 2 + sum(map(_weight, value))
    return 20


def _reason(error: BaseException) -> str:
    first = str(error).split("\n", 1)[0].strip()
    return _WHERE.sub("", first).removesuffix(".")


class Piece(NamedTuple):
    """A part of a template without statements: the text as it is written, or the expression between `{{` and `}}`."""

    text: str
    is_expression: bool = False


@lru_cache(maxsize=4096)
def pieces(text: str) -> tuple[Piece, ...]:
    """Return the parts of a template that has no statements and no comments, in order.

    A `-` beside the braces takes white space away as it does in a message. Raises TemplateFault where a tag is open.
    """
    parts: list[Piece] = []
    done = 0
    strip = False
    while (start := text.find("{{", done)) >= 0:
        end = _end_of_tag(text, start)
        if end < 0:
            raise TemplateFault("`{{` without `}}`")
        inner = text[start + 2 : end - 2]
        before = text[done:start].lstrip() if strip else text[done:start]
        parts.append(Piece(before.rstrip() if inner.startswith("-") else before))
        strip = inner.endswith("-")
        parts.append(Piece(inner.strip("-+ \t\r\n"), is_expression=True))
        done = end
    parts.append(Piece(text[done:].lstrip() if strip else text[done:]))
    return tuple(part for part in parts if part.text or part.is_expression)
