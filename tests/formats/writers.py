"""Trees written as YAML, in every way that the language has, by chance."""

from __future__ import annotations

import json
import random
from typing import Any


class YamlWriter:
    """Writes a tree as YAML: block and flow style, every kind of scalar, anchors, aliases and merge keys."""

    def __init__(self, choices: random.Random) -> None:
        self.choices = choices
        self.anchors: dict[str, str] = {}  # of a value as JSON
        self.names = 0

    def stream(self, trees: list[Any]) -> str:
        """The trees as the documents of one stream."""
        return "".join(self._document(tree, number == 0) for number, tree in enumerate(trees))

    def _document(self, tree: Any, first: bool) -> str:
        self.anchors = {}
        head = self._pick("---\n", "--- # 🦉\n", "# é\n---\n", "...\n%YAML 1.2\n---\n")
        end = "...\n" if self._now_and_then() else ""
        return head.removeprefix("...\n" if first else "") + self._value(tree, 0).lstrip(" \n") + end

    def _pick(self, *ways: str) -> str:
        return self.choices.choice(ways)

    def _now_and_then(self) -> bool:
        return self.choices.random() < 0.25

    def _value(self, value: Any, indent: int) -> str:
        """What stands behind a key or a dash, up to and with its line break."""
        known = self.anchors.get(json.dumps(value))
        if known and self._now_and_then():
            return f" *{known}\n"
        name = ""
        if indent and self._now_and_then():
            self.names += 1
            name = f"n{self.names}"
        told = f" &{name}" if name else ""
        if isinstance(value, dict | list) and value and self.choices.random() < 0.7:
            text = told + self._block(value, indent)
        else:
            scalar = self._scalar(value, indent) if not isinstance(value, dict | list) else self._flow(value)
            text = f"{told} {scalar}\n"
        if name:
            self.anchors[json.dumps(value)] = name
        return text

    def _block(self, value: Any, indent: int) -> str:
        pad = " " * indent
        comment = self._pick("", "", " # x: 🦉")
        if isinstance(value, list):
            return f"{comment}\n" + "".join(f"{pad}-{self._value(entry, indent + 2)}" for entry in value)
        merged = self._merged(value) if len(value) > 1 else ""
        lines = [f"{pad}<<: *{self.anchors[merged]}\n"] if merged else []
        given = json.loads(merged) if merged and self._now_and_then() else {}
        own = {key: entry for key, entry in value.items() if key not in given}
        lines += [f"{pad}{self._key(key)}:{self._value(entry, indent + 2)}" for key, entry in own.items()]
        return f"{comment}\n" + "".join(lines)

    def _merged(self, value: dict[str, Any]) -> str:
        """A mapping that has an anchor and whose entries are some of these, as JSON; empty when there is none."""
        every = (text for text in self.anchors if text[0] == "{")
        return next((text for text in every if json.loads(text).items() <= value.items()), "")

    def _flow(self, value: Any) -> str:
        gap = self._pick("", " ", "  ", "\t")
        if isinstance(value, list):
            return "[" + gap + f",{gap}".join(self._inline(entry) for entry in value) + gap + "]"
        if isinstance(value, dict):
            pairs = (f"{self._key(key, flow=True)}: {self._inline(entry)}" for key, entry in value.items())
            return "{" + gap + f",{gap}".join(pairs) + gap + "}"
        return self._inline(value)

    def _inline(self, value: Any) -> str:
        return self._flow(value) if isinstance(value, dict | list) else self._scalar(value, None)

    def _key(self, key: str, flow: bool = False) -> str:
        plain = (
            [key]
            if key.isascii() and key.isalnum() and key[0].isalpha() and key not in ("true", "false", "null")
            else []
        )
        return self._pick(*plain, _escaped(key), json.dumps(key, ensure_ascii=False))

    def _scalar(self, value: Any, indent: int | None) -> str:
        if not isinstance(value, str):
            return json.dumps(value)
        ways = [_escaped(value), json.dumps(value, ensure_ascii=False)]
        if value.isprintable():
            ways.append("'" + value.replace("'", "''") + "'")
        if value.isalpha() and value not in ("true", "false", "null"):
            ways += [value, f"!!str {value}"]
        text = value.removesuffix("\n")
        if indent and text and text[0] not in " \t" and not text.endswith("\n") and _in_block(text):
            pad = " " * indent
            mark = "" if value.endswith("\n") else "-"
            ways.append(f"|{mark}\n" + "\n".join(f"{pad}{line}" if line else "" for line in text.split("\n")))
            if "\n" not in text and " " not in text:
                ways.append(f">{mark} # folded\n{pad}{text}")
        return self.choices.choice(ways)


def _escaped(text: str) -> str:
    """The text in double quotes; YAML spells characters beyond the basic plane with one escape, not with two."""
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(char if char.isascii() else f"\\U{ord(char):08X}" for char in quoted)


def _in_block(text: str) -> bool:
    return all(line.isprintable() and line == line.strip() for line in text.split("\n"))
