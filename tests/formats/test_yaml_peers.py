"""Made-up YAML is read as `yaml` of npm and libyaml read it, or polcheck says what other readers make of it.

Where the two differ, the specification decides (YAML 1.2.2): a block scalar at the end of a text without an end of line
has none (8.1.1.2, `b-chomped-last`), and spaces beyond a stated indentation are content (8.1.1.1).
"""

from __future__ import annotations

import random
from typing import Any

import pytest
import yaml

from polcheck.base.spans import Source
from polcheck.formats.values import Config, Json, LimitExceeded, Unparsable
from polcheck.formats.yaml import parse
from reference_readers import REFUSED, node

_PIECES = (
    *("a", "b", "a: ", "b: ", "- ", "? ", ": ", ":", "-", "?", " ", "  ", "\n", "\n", "\n  ", "\n "),
    *("\n    ", "[", "]", "{", "}", ", ", ",", "'x'", "'x\n y'", "'it''s'", '"x"', '"a\\n"'),
    *('"x\n  y"', "|\n", "|-\n", ">\n", ">+\n", "|2\n", "|1-\n", "#", "# c", "#c\n", " # c\n", "&a "),
    *("*a", "&a", "*a ", "!!str ", "! ", "---", "---\n", "...\n", "--- ", "\t", "1", "0x1f"),
    *("0o7", "null", "~", "true", "yes", "%YAML 1.2\n", "é", "x y", "x: y", "@", "`", "%", "k", "'"),
    *('"', "\\", "-1", "=", "|", "> ", "1: ", "a:b", "http://x", "::", "a #b", "- - ", "? a\n: b\n"),
    *("[a, b]", "{a: b}", "[a: b]", "{a, b}", "- a\n- b\n", "a:\n  b: c\n", "a:\n- b\n"),
)
_SAMPLE = 4_000
_WHOLE = 100_000
# the values as they are written: aliases resolved, keys that are containers as one mark
_READ = """text => {
  const YAML = need('yaml');
  const value = (one, of, depth) => {
    if (depth > 60) throw new Error('deep');
    if (one === null || one === undefined) return null;
    const inner = node => value(node, of, depth + 1);
    if (YAML.isAlias(one)) { const to = one.resolve(of); if (!to) throw new Error('alias'); return inner(to) }
    if (YAML.isMap(one)) return {pairs: one.items.map(pair => [inner(pair.key), inner(pair.value)])};
    if (YAML.isSeq(one)) return one.items.map(inner);
    if (YAML.isScalar(one)) return typeof one.value === 'bigint' ? Number(one.value) : one.value;
    throw new Error('pair');
  };
  const options = {version: '1.2', schema: 'core', uniqueKeys: false, merge: false, logLevel: 'silent'};
  const read = YAML.parseAllDocuments(text, options);
  const all = Array.isArray(read) ? read : [];
  if (all.some(one => one.errors.some(error => error.code === 'IMPOSSIBLE'))) return 'impossible';
  for (const one of all) if (one.errors.length) throw one.errors[0];
  return all.map(one => value(one.contents, one, 0));
}"""


def made_up(choices: random.Random) -> str:
    """A text of pieces of YAML, put together by chance, or lines of them that are indented by chance."""
    if choices.random() < 0.5:
        return "".join(choices.choice(_PIECES) for _ in range(choices.randrange(1, 9)))
    lines = list[str]()
    for _ in range(choices.randrange(1, 6)):
        pieces = (choices.choice(_PIECES).strip("\n") for _ in range(choices.randrange(4)))
        lines.append(" " * choices.choice([0, 0, 0, 1, 2, 2, 4]) + "".join(pieces))
    return "\n".join(lines) + choices.choice(["", "\n"])


def ours(text: str) -> Config | None:
    """What polcheck reads; None for what it refuses."""
    try:
        return parse(Source("x.yaml", text.encode()))
    except (Unparsable, LimitExceeded):
        return None


def same(value: Json, theirs: Any) -> bool:
    """Whether a value is the one of the package; of keys that are no strings only the number is compared."""
    if isinstance(value, dict):
        if not isinstance(theirs, dict):
            return False
        last = {
            key if isinstance(key, str) else f"\0{number}": item for number, (key, item) in enumerate(theirs["pairs"])
        }
        words = [key for key in last if not key.startswith("\0")]
        return all(key in value and same(value[key], last[key]) for key in words) and bool(value) == bool(last)
    if isinstance(value, list):
        return isinstance(theirs, list) and len(value) == len(theirs) and all(map(same, value, theirs))
    if isinstance(value, bool) or isinstance(theirs, bool) or not isinstance(value, int | float):
        return type(value) is type(theirs) and value == theirs
    return isinstance(theirs, int | float) and float(value) == float(theirs)


def strings(value: Any) -> list[str]:
    """The strings in a value, in order; of mappings the values only."""
    if isinstance(value, dict):
        return [text for item in value.values() for text in strings(item)]
    if isinstance(value, list | tuple):
        return [text for item in value for text in strings(item)]
    return [value] if isinstance(value, str) else []


def by_libyaml(text: str) -> list[str] | None:
    """The strings that libyaml reads, by YAML 1.2's rules for what is a string; None where it refuses the text."""
    found = list[str]()
    try:
        for event in yaml.parse(text, yaml.CSafeLoader):
            if isinstance(event, yaml.ScalarEvent) and event.style in ("|", ">"):
                found.append(event.value)
    except yaml.YAMLError:
        return None
    return found


@pytest.mark.parametrize("number", [_SAMPLE, pytest.param(_WHOLE, marks=pytest.mark.corpus)])
def test_made_up_texts_are_read_alike(number: int) -> None:
    """Equal values, a refusal, or a remark; where the package differs, libyaml and the specification are with ours."""
    choices = random.Random(12)
    texts = [made_up(choices) for _ in range(number)]
    theirs = node(_READ, texts, "yaml")
    ended = node(_READ, [text + "\n" for text in texts], "yaml")
    equal, wrong = 0, list[str]()
    for text, read, with_end in zip(texts, theirs, ended, strict=True):
        config = ours(text)
        if config is None or config.remarks or read == "impossible":  # as the package calls faults of its own
            continue
        values = list(config.values)
        if read != REFUSED and (same(values, read) or (not values and read == [None])):
            equal += 1
            continue
        blocks = by_libyaml(text)
        as_libyaml = blocks and all(block in (*strings(values), *_keys(values)) for block in blocks)
        unended = (
            not text.endswith("\n")
            and with_end != REFUSED
            and (one := ours(text + "\n"))
            and same(list(one.values), with_end)
        )
        if not as_libyaml and not unended and not _repeated_end(text):
            wrong.append(f"{text!r}: ours {values!r}, theirs {read!r}")
    assert wrong == []
    assert equal > number // 4


def _keys(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [*value, *(key for item in value.values() for key in _keys(item))]
    return [key for item in value for key in _keys(item)] if isinstance(value, list | tuple) else []


def _repeated_end(text: str) -> bool:
    """Whether a text has two `...` lines with nothing between, which the package takes for a document (9.1.4)."""
    return "...\n..." in text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("|\n  b", "b"),
        (">+\n  b", "b"),
        ("|-\n  b", "b"),
        ("|\n  b\n", "b\n"),
        ("|1-\n  \n", " "),
        ("|2\n    \n", "  \n"),
        ("  |2\n      ]\n    \n", "    ]\n  \n"),
    ],
)
def test_block_scalars_end_as_the_specification_says(text: str, value: str) -> None:
    """Values of libyaml and ruamel.yaml, which agree; npm's `yaml` adds an end of line, or takes one away."""
    config = ours(text)
    assert config is not None and config.values == (value,) and not config.remarks
    assert by_libyaml(text) == [value]


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("?\n|\n x\n", "indented by more spaces"),
        ("k:\n- ?\n  >\n   x\n", "indented by more spaces"),
        ("- |+\n   ", "ends in spaces"),
        ('"a#b"#c\n', "white space before this comment"),
        ("- |2\n     ", "ends in spaces"),
    ],
)
def test_what_other_readers_read_otherwise_is_told(text: str, part: str) -> None:
    """A block scalar as a key that isn't indented, and one whose last spaces have no end of line."""
    config = ours(text)
    assert config is not None and [part in remark.message for remark in config.remarks] == [True]
