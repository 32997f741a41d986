"""The YAML test suite: no value differs silently, and nothing that is no YAML is accepted silently."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

import yaml

from formats.shared import suite
from polcheck.base.spans import Source, Unreadable
from polcheck.formats.values import Config, Json, Unparsable
from polcheck.formats.yaml import parse, plain, tagged

CORE = "tag:yaml.org,2002:"
# of the suite's valid texts, which are the corners of YAML, those that libyaml refuses or reads otherwise than YAML 1.2
MOST_UNDECIDED = 60
_ESCAPES = {"n": "\n", "t": "\t", "\\": "\\", "b": "\b", "r": "\r", "0": "\0"}


class Sample(NamedTuple):
    """One text of the suite: whether it is YAML, and the events that say what it means."""

    name: str
    text: str
    valid: bool
    events: list[str]


def samples() -> Iterator[Sample]:
    """Every text of the suite; what an entry doesn't say is as in the one before it."""
    for path in sorted((suite("yaml-test-suite") / "src").glob("*.yaml")):
        entry: dict[str, Any] = {}
        for number, new in enumerate(yaml.load(path.read_text(), yaml.CSafeLoader)):
            entry = {**entry, "fail": False, **new}
            yield Sample(
                f"{path.stem}-{number}",
                _plain(entry["yaml"]),
                not entry["fail"],
                _plain(entry.get("tree", "")).split("\n"),
            )


def _plain(text: str) -> str:
    """A text of the suite without the signs that it has for white space."""
    text = re.sub("—*»", "\t", text).replace("␣", " ").replace("↵", "").replace("∎\n", "")
    return text.replace("∎", "").replace("←", "\r").replace("⇔", "\ufeff")


class _Reader:
    """Makes values of the suite's events, by the same schema but with none of polcheck's reader."""

    def __init__(self, events: list[str]) -> None:
        self._events = iter([event.lstrip() for event in events if event.strip()])
        self._anchors: dict[str, Json] = {}

    def documents(self) -> list[Json]:
        found: list[Json] = []
        for event in self._events:
            if event.startswith("+DOC"):
                self._anchors = {}
                found.append(self._value(next(self._events)))
        return found

    def _value(self, event: str) -> Json:
        kind, _, rest = event.partition(" ")
        if kind == "=ALI":
            return self._anchors[rest[1:]]
        anchor = tag = ""
        while match := re.match(r"(?:(\[\]|\{\})|&(\S+)|<([^>]*)>)(?: |$)", rest):
            anchor, tag = match[2] or anchor, match[3] or tag
            rest = rest[match.end() :]
        value = self._scalar(rest, tag) if kind == "=VAL" else self._container(kind)
        if tag not in ("", "!") and not tag.startswith(CORE):
            value = {tag if tag.startswith("!") else f"!<{tag}>": value}
        if anchor:
            self._anchors[anchor] = value
        return value

    def _scalar(self, rest: str, tag: str) -> Json:
        text = re.sub(r"\\(.)", lambda match: _ESCAPES[match[1]], rest[1:])
        if tag.startswith(CORE) or tag == "!":
            return tagged(tag, text, "" if rest[0] == ":" else rest[0], (0, 0))  # type: ignore[arg-type]
        return plain(text) if rest[0] == ":" else text

    def _container(self, kind: str) -> Json:
        items: list[Json] = []
        for event in self._events:
            if event in ("-MAP", "-SEQ"):
                break
            items.append(self._value(event))
        if kind == "+SEQ":
            return items
        return {self._key(key): value for key, value in zip(items[::2], items[1::2], strict=True)}

    def _key(self, key: Json) -> str:
        import json

        return key if isinstance(key, str) else json.dumps(key, ensure_ascii=False)


def read(text: str) -> Config | None:
    """The documents of a text; None where it is refused, so that policies over it are undecided."""
    try:
        return parse(Source("a.yaml", text.encode()))
    except (Unparsable, Unreadable):
        return None


def test_no_value_differs_and_nothing_invalid_passes_in_silence() -> None:
    """A valid text has its values or is undecided; an invalid one is refused, or what is wrong is remarked upon."""
    counts: Counter[str] = Counter()
    wrong: list[tuple[str, object]] = []
    for sample in samples():
        config = read(sample.text)
        if not sample.valid:
            counts["refused" if config is None else "remarked"] += 1
            if config is not None and not (config.remarks or config.repeated):
                wrong.append((sample.name, config.values))
        elif config is None:
            counts["undecided"] += 1
        else:
            counts["equal"] += 1
            expected = _Reader(sample.events).documents()
            if list(config.values) != expected:
                wrong.append((sample.name, (config.values, expected)))
    assert not wrong
    assert counts["undecided"] <= MOST_UNDECIDED
    assert counts["equal"] >= 240
    assert counts["refused"] >= 80
