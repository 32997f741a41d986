"""Messages, remedies and issue texts: minijinja templates over plain data, bounded by fuel.

Undefined names are refused when a pack is loaded; a template that fails or runs out of fuel raises TemplateFault.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from polcheck.errors import PolcheckError

if TYPE_CHECKING:
    from minijinja import Environment

MESSAGE_FUEL = 50_000
TEXT_FUEL = 5_000_000
MAX_OUTPUT = 1_000_000
_WHERE = re.compile(r" \(in <string>:\d+\)$")  # of a text that has no file
_FUNCTIONS = frozenset({"debug", "dict", "namespace", "range"})  # minijinja's own


class TemplateFault(PolcheckError):
    """A template that can't be compiled or rendered; its text says why."""


@lru_cache(maxsize=2)
def _environment(fuel: int) -> Environment:
    from minijinja import Environment

    environment = Environment(undefined_behavior="chainable", fuel=fuel, pycompat=True)
    environment.trim_blocks = True
    environment.lstrip_blocks = True
    environment.auto_escape_callback = lambda name: False
    return environment


def names(text: str) -> frozenset[str]:
    """The names that a template reads. Raises TemplateFault when it does not compile."""
    try:
        return frozenset(_environment(MESSAGE_FUEL).undeclared_variables_in_str(text)) - _FUNCTIONS
    except Exception as error:
        raise TemplateFault(_reason(error)) from None


def render(text: str, scope: Mapping[str, Any], fuel: int = MESSAGE_FUEL) -> str:
    """The rendered text. Raises TemplateFault when it fails, runs out of fuel or grows past MAX_OUTPUT characters."""
    try:
        result = _environment(fuel).render_str(text, **scope)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # NOTE: a panic of the engine, which is native code, is no Exception
        raise TemplateFault(_reason(error)) from None
    if len(result) > MAX_OUTPUT:
        raise TemplateFault(f"the text grows past {MAX_OUTPUT} characters")
    return result


def _reason(error: BaseException) -> str:
    first = str(error).split("\n", 1)[0].strip()
    return _WHERE.sub("", first).removesuffix(".")
