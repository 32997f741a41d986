"""The `packs:` of a configuration, changed in its text: comments and layout stay as they are."""

from __future__ import annotations

import json
import re

from polcheck.documents.config import Pointer
from polcheck.errors import ConfigError, Problem
from polcheck.policy.origin import Origin
from polcheck.records import record

_PLAIN = re.compile(r"[A-Za-z0-9./_-][A-Za-z0-9./_+@=-]*(?::[A-Za-z0-9./_+@=-]+)*")
_NOT_TEXT = re.compile(r"[0-9.+_-]*|true|false|null|yes|no|on|off", re.IGNORECASE)
NEW = "# Packs to judge by. Parameters, severities and waivers have their place here, too: see `polcheck config`.\n"


@record(frozen=True)
class Packs:
    """The list of packs in a configuration; `base` leads to the configuration's table, `count` is the list's length."""

    origin: Origin
    base: Pointer
    count: int

    def with_source(self, source: str) -> str:
        """The text with one more pack at the end of the list. Raises ConfigError where the list can't be changed."""
        text = self.origin.source.text
        if not self.count and not self._has():
            return self._with_list(source)
        start, end = self._span(("packs",))
        if text[start] == "[":
            comma = self._comma(text[start + 1 : end - 1])
            return f"{text[: end - 1].rstrip()}{comma}{_quoted(source)}]{text[end:]}"
        last = self._span(("packs", self.count - 1))[1]
        line_end = _line_end(text, last)
        dash = text.rfind("\n", 0, self._span(("packs", 0))[0]) + 1
        indent = text[dash : text.index("-", dash)]
        return f"{text[:line_end]}\n{indent}- {_written(source)}{text[line_end:]}"

    def without(self, index: int) -> str:
        """The text without the pack at `index`. Raises ConfigError where the list can't be changed."""
        text = self.origin.source.text
        start, _ = self._span(("packs",))
        own, own_end = self._span(("packs", index))
        if text[start] != "[":
            begin = text.rfind("\n", 0, own) + 1
            after = _line_end(text, own_end)
            if self.count == 1:
                raise self._refusal("it would name no pack any more: remove the file, or add another pack first")
            return text[:begin] + text[min(after + 1, len(text)) :]
        before, rest = text[:own], text[own_end:]
        if rest.lstrip().startswith(","):
            return before + rest.lstrip()[1:].lstrip(" ")
        if before.rstrip().endswith(","):
            return before.rstrip()[:-1] + rest
        raise self._refusal("it would name no pack any more: add another pack first")

    def _has(self) -> bool:
        try:
            self._span(("packs",))
        except KeyError:
            return False
        return True

    def _span(self, at: Pointer) -> tuple[int, int]:
        span = self.origin.config.locate(self.origin.index, (*self.base, *at)).value
        return span.start, span.end

    def _comma(self, inside: str) -> str:
        stripped = inside.rstrip()
        if "#" in inside:
            raise self._refusal("the list has comments in it")
        return "" if not stripped.strip() else " " if stripped.endswith(",") else ", "

    def _with_list(self, source: str) -> str:
        text = self.origin.source.text
        if self.base:
            raise self._refusal("it has no list `packs` yet")
        return text + ("" if text.endswith("\n") or not text else "\n") + f"packs:\n  - {_written(source)}\n"

    def _refusal(self, why: str) -> ConfigError:
        help = "change `packs` in it by hand, and run `polcheck pack lock`"
        return ConfigError([Problem(f"{self.origin.source.path} can't be changed: {why}", help=help)])


def new_config(source: str) -> str:
    """A polcheck.yaml with this pack."""
    return f"{NEW}packs:\n  - {_written(source)}\n"


def _line_end(text: str, at: int) -> int:
    """Where the line that holds the offset ends, its comment included."""
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def _written(source: str) -> str:
    """A source as YAML: quoted where it has to be."""
    return source if _PLAIN.fullmatch(source) and not _NOT_TEXT.fullmatch(source) else _quoted(source)


def _quoted(source: str) -> str:
    return json.dumps(source, ensure_ascii=False)
