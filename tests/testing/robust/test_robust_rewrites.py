"""The rewrites: what each makes of a file, and that it means the same."""

from __future__ import annotations

import json as standard
import re
import tomllib
from collections.abc import Callable

import pytest
import yaml as pyyaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pack_files import ROOT
from polcheck.authoring.rewrites import json, toml, yaml
from polcheck.authoring.rewrites.rewrite import MEANINGS, REWRITES, rewritten
from polcheck.base.spans import Source
from polcheck.formats import formats, parse_config

PYTHON = """\
def f(a, b):
    if a == 1:
        print("one", b[0], 'it''s')
    return (a)
"""
BLOCK = "on: [push]\njobs:\n  one: &x\n    runs-on: 'a-b'\n  two:\n    runs-on: a-b\nsteps:\n- run: |\n    a\n    b\n"
TABLES = '[project]\nname = "x"\nlist = ["a", "b"]\n[tool.one]\nline = 1\n[[tool.many]]\na = 1979-05-27\n'

# for each rewrite a file, and what comes of it
EXAMPLES: dict[str, tuple[str, str, str]] = {
    "python-quotes": ("a.py", "f('a', b\"c\", 'it\\'s')\n", "f(\"a\", b'c', 'it\\'s')\n"),
    "python-prefixes": ("a.py", "f('a', b'c', '\\n')\n", "f(r'a', b'c', '\\n')\n"),
    "python-pieces": ("a.py", "f('a b c', 'd')\n", "f('a b ' 'c', 'd')\n"),
    "python-comments": ("a.py", "if a:\n    b\n", "# R\nif a:\n    # R\n    b\n"),
    "python-blank-lines": ("a.py", "if a:\n    b\n", "\n\nif a:\n\n\n    b\n"),
    "python-margins": ("a.py", "f(a,\n  b)  # c\ng\n", "f(a,  # R\n  b)  # c\ng  # R\n"),
    "python-breaks": (
        "a.py",
        "if a:\n    f(b, [c])\n",
        "if a:\n    f(\n        b,\n        [\n            c\n        ]\n    )\n",
    ),
    "python-joined": ("a.py", "f(\n  a,\n  b\n)\n", "f(a, b )\n"),
    "python-commas": ("a.py", "f(a)\ng(b,)\n(c)\n(d,)\n", "f(a,)\ng(b)\n(c)\n(d,)\n"),
    "python-spaces": ("a.py", "f(a,b[0])\n", "f ( a ,b [ 0 ] )\n"),
    "python-tabs": ("a.py", "if a:\n  if b:\n    f(\n c\n )\n", "if a:\n\tif b:\n\t\tf(\n\t\t\tc\n\t\t)\n"),
    "python-parentheses": ("a.py", "x = f(a, k=b, *c)\n", "x = (f((a), k=(b), *c))\n"),
    "python-bare": ("a.py", "x = (a)\ny = (a, b)\nf((c))\n", "x =  a \ny =  a, b \nf( c )\n"),
    "yaml-block": ("a.yml", "{a: 'b', c: [1, {d: 'no: 1'}]}\n", "a: b\nc:\n  - 1\n  - d: 'no: 1'\n"),
    "yaml-flow": ("a.yml", "a: b\nc:\n- 'true'\n- d: 1\n", "{a: b, c: ['true', {d: 1}]}\n"),
    "yaml-single-quotes": ("a.yml", "a: it's\n", "'a': 'it''s'\n"),
    "yaml-double-quotes": ("a.yml", "a: [b, 1]\n", '"a":\n  - "b"\n  - 1\n'),
    "yaml-indentation": ("a.yml", "a:\n  b:\n  - c: 1\n    d: 2\n", "a:\n    b:\n        -   c: 1\n            d: 2\n"),
    "yaml-key-order": ("a.yml", "a: 1\nb:\n  c: 2\n  d: 3\n", "b:\n  d: 3\n  c: 2\na: 1\n"),
    "yaml-anchors": ("a.yml", "a: {b: 1}\nc: {b: 1}\n", "a: &same1\n  b: 1\nc: *same1\n"),
    "yaml-comments": ("a.yml", "a:\n  b: |\n    c: d\n", "# R\na:\n  # R\n  b: |\n    c: d\n"),
    "yaml-marker": ("a.yml", "a: 1\n", "---\na: 1\n"),
    "toml-headers": ("a.toml", "a.b = {c = 1}\nd = [{e = 2}]\n", "[a]\n[a.b]\nc = 1\n[[d]]\ne = 2\n"),
    "toml-inline": ("a.toml", "[a]\nb = 1\n", "a = {b = 1}\n"),
    "toml-dotted": ("a.toml", "[a]\nb = 1\n[a.c]\n'd.e' = 2\n", 'a.b = 1\na.c."d.e" = 2\n'),
    "toml-literal": ("a.toml", 'a = "b"\nc = "it\'s"\n', "a = 'b'\nc = \"it's\"\n"),
    "toml-quoted-keys": ("a.toml", "[a]\nb = 1\n", '["a"]\n"b" = 1\n'),
    "toml-arrays": ("a.toml", "a = [1, 2]\n", "a = [\n    1,\n    2,\n]\n"),
    "toml-key-order": ("a.toml", "[a]\nb = 1\nc = 2\n[d]\n", "[d]\n[a]\nc = 2\nb = 1\n"),
    "toml-comments": ("a.toml", "[a]\nb = '''\nc'''\n", "# R\n[a]\n# R\nb = '''\nc'''\n"),
    "json-compact": ("a.json", '{"a": [1, "é"]}\n', '{"a":[1,"é"]}'),
    "json-indentation": ("a.json", '{"a":1,"b":2}', '{\n\t"a" : 1 ,\n\t"b" : 2\n}\n'),
    "json-key-order": ("a.json", '{"a":1,"b":2}', '{\n  "b": 2,\n  "a": 1\n}\n'),
    "json-escapes": ("a.json", '{"a":"\\n😀"}', '{"\\u0061":"\\n\\ud83d\\ude00"}'),
    "ini-spaces": ("a.ini", "[a]\nb=c\nd: e\n", "[a]\nb = c\nd = e\n"),
    "ini-tight": ("a.ini", "[a]\nb = c\n  d = e\n", "[a]\nb=c\n  d = e\n"),
    "ini-colons": ("a.cfg", "[a]\nb = c = d\n", "[a]\nb: c = d\n"),
    "ini-comments": ("a.ini", "[a]\nb =\n  c\n", "\n# R\n; another\n[a]\n\n# R\n; another\nb =\n  c\n"),
    "hash-comments": ("Dockerfile", "FROM a\nRUN b \\\n  c\n", "# R\nFROM a\n# R\nRUN b \\\n# R\n  c\n"),
    "slash-comments": ("a.tf", "a {\n  b = 1\n}\n", "// R\na {\n// R\n  b = 1\n// R\n}\n"),
    "blank-lines": ("requirements.txt", "a\nb\n", "\na\n\nb\n"),
    "crlf": ("a.md", "a\nb\n", "a\r\nb\r\n"),
    "last-line": ("a.txt", "a\nb\n", "a\nb"),
    "bom": ("a.rst", "a\n", "\ufeffa\n"),
}


def made(path: str, text: str) -> dict[str, str]:
    """What each rewrite makes of a file."""
    return {found.rewrite: found.after for found in rewritten(path, text.encode("utf-8", "surrogatepass"))}


@pytest.mark.parametrize("name", REWRITES)
def test_a_rewrite_writes_so(name: str) -> None:
    """Each rewrite makes of its example what is written beside it."""
    path, before, after = EXAMPLES[name]
    assert made(path, before)[name].replace("a remark that says nothing", "R") == after


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_rewrite_that_has_nothing_to_do_is_left_out(name: str) -> None:
    """No rewrite gives a file as it was."""
    path, before, after = EXAMPLES[name]
    for text in (before, after.replace("# R", "#")):
        assert text not in made(path, text).values()


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.py", "def f(:\n"),
        ("a.py", "x = '\0'"),
        ("a.yml", "a: [1\n"),
        ("a.yml", "a: 1\na: 2\n"),
        ("a.toml", "a = \n"),
        ("a.json", '{"a": 1, "a": 2}'),
        ("a.ini", "b = c\n"),
        ("Procfile", "web: ls\n"),
        ("a.sh", "ls\n"),
        ("a.yml", "\udcff"),
    ],
)
def test_what_has_no_clear_meaning_is_left_alone(path: str, text: str) -> None:
    """A file that isn't in its format, holds a key twice, or takes a line end for text is not rewritten."""
    assert made(path, text) == {}


def test_a_block_that_lives_by_its_last_line_break_keeps_it() -> None:
    """A rewrite that would change what a file means isn't made."""
    assert "last-line" not in made("a.yml", "a: |+\n  b\n\n")
    assert "python-commas" not in made("a.py", "x = (a)\n")


def test_every_file_keeps_its_meaning() -> None:
    """By a parser of its format, a file says after each rewrite what it said before."""
    for kind, path, text in (
        ("python", "a.py", PYTHON),
        ("yaml", "a.yml", BLOCK),
        ("toml", "a.toml", TABLES),
        ("json", "a.json", '{"a": [1.5, null]}'),
        ("ini", "a.ini", "[a]\nb = c\n"),
    ):
        found = made(path, text)
        assert len(found) > 4
        assert {MEANINGS[kind](after.removeprefix("\ufeff")) for after in found.values()} == {MEANINGS[kind](text)}


SAMPLES = {
    "codeowners": "* @a\n/b/ @c/d\n",
    "csv": "a,b\n1,2\n",
    "dockerfile": "FROM a\nENV b=c\n",
    "dotenv": "A=1\nB='2'\n",
    "editorconfig": "[*]\na = b\n",
    "gitconfig": "[a]\nb = c\n",
    "gomod": "module a\ngo 1.21\n",
    "hcl": "a {\n  b = 1\n}\n",
    "json5": "{\n  a: 'b',\n}\n",
    "jsonc": '{\n  "a": 1,\n}\n',
    "jsonl": '{"a": 1}\n2\n',
    "markdown": "---\na: b\n---\nc\n",
    "notebook": '{"nbformat": 4,\n "cells": []}\n',
    "properties": "a = b\nc = d\n",
    "requirements": "a==1\nb\n",
    "systemd": "[A]\nB=c\n",
    "tsv": "a\tb\n1\t2\n",
    "xml": "<a>\n<b>c</b>\n</a>\n",
}


def test_every_format_is_rewritten() -> None:
    """Each format of the registry but what is a dialect has a file here, with rewrites that keep its values."""
    known = {name for name, format in formats().items() if not format.dialect_of}
    assert known == SAMPLES.keys() | MEANINGS.keys() - {"python"}
    for name, text in SAMPLES.items():
        format = formats()[name]
        path = f"a{format.suffixes[0]}" if format.suffixes else (*format.names, *format.patterns)[0].replace("*", "")
        values = parse_config(Source("", text.encode()), name).values
        found = made(path, text)
        assert len(found) > 1, name
        assert all(parse_config(Source("", after.encode()), name).values == values for after in found.values()), name


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=6) | st.sampled_from(
    ["true", "~", "1.0", "- a", "a: b", "#", "a #b", " a", "a\nb", "a\n\n", "\ta", "'", '"', "on", "&a", "*a", "1e3"]
)
NUMBERS = st.integers(-(10**6), 10**6) | st.floats(allow_nan=False, allow_infinity=False)
TREES = st.recursive(
    TEXTS | NUMBERS | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
TOML_TREES = st.recursive(
    TEXTS | NUMBERS | st.booleans() | st.datetimes() | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
STYLES = {name: rewrite.whole for name, rewrite in REWRITES.items() if rewrite.whole is not None}
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize("name", [name for name in STYLES if name.startswith("yaml")])
@QUICK
@given(value=TREES, allow_unicode=st.booleans())
def test_any_data_can_be_written_in_any_style_of_yaml(name: str, value: object, allow_unicode: bool) -> None:
    """Each style writes whatever YAML can hold, and it is read as the same."""
    text = pyyaml.safe_dump(value, allow_unicode=allow_unicode)
    assert yaml.meaning(STYLES[name](text)) == yaml.meaning(text)


@pytest.mark.parametrize("name", [name for name in STYLES if name.startswith("toml")])
@QUICK
@given(table=st.dictionaries(TEXTS, TOML_TREES, max_size=3))
def test_any_data_can_be_written_in_any_style_of_toml(name: str, table: dict[str, object]) -> None:
    """Each style writes whatever TOML can hold, and it is read as the same."""
    text = "".join(f"{line}\n" for line in toml.Style(tables="inline").lines(table))
    assert toml.data(text) == table
    assert tomllib.loads(STYLES[name](text)) == table


@pytest.mark.parametrize("style", [json.compact, json.indented, json.reversed_keys, json.escapes])
@QUICK
@given(value=TREES, ascii=st.booleans())
def test_any_data_can_be_written_in_any_style_of_json(style: Callable[[str], str], value: object, ascii: bool) -> None:
    """Each style writes whatever JSON can hold, and it is read as the same."""
    assert standard.loads(style(standard.dumps(value, ensure_ascii=ascii))) == value


def test_the_rewrites_are_documented() -> None:
    """The table in docs/testing.md is that of the rewrites."""
    _, _, text = (ROOT / "docs" / "testing.md").read_text("utf-8").partition("## Rewrites")
    rows = dict(re.findall(r"^\| `([a-z-]+)` \| (.+?) \|$", text, re.MULTILINE))
    assert rows == {name: rewrite.description for name, rewrite in REWRITES.items()}
