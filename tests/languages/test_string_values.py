"""The value of every string literal is the one that the language itself reads."""

from __future__ import annotations

import ast
import json
import random
import shutil
import subprocess
import sysconfig
import warnings
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pytest
from tree_sitter import Node, Query, QueryCursor

from polcheck.base.spans import Source, Unreadable
from polcheck.languages.grammars import grammar, parse
from polcheck.languages.language import Literal
from polcheck.languages.registry import languages
from polcheck.languages.supported.python import python_error

FEW = ("re/_parser.py", "textwrap.py", "string.py", "json/decoder.py", "email/_header_value_parser.py", "tokenize.py")
STDLIB = Path(sysconfig.get_path("stdlib"))


def literals(text: str | bytes, language: str) -> Iterator[tuple[Node, Literal]]:
    """Each outermost string literal of a text and what is read of it."""
    source = Source(f"a{languages()[language].suffixes[0]}", text if isinstance(text, bytes) else text.encode())
    kinds = " ".join(f"({kind})" for kind in sorted(languages()[language].strings))
    query = Query(grammar(language), f"[{kinds}] @x")
    for node in QueryCursor(query).captures(parse(source, language).tree.root_node).get("x", ()):
        found = languages()[language].literal(node)
        if found is not None and not (node.parent and node.parent.type in languages()[language].strings):
            yield node, found


def by_python(text: str) -> Literal:
    """What Python itself reads in a literal; a byte as the character of its code."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        value = ast.parse(f"({text}\n)", mode="eval").body
    parts = value.values if isinstance(value, ast.JoinedStr) else [value]
    texts: list[str] = []
    for part in parts:
        held = part.value if isinstance(part, ast.Constant) else "{}"
        texts.append(held.decode("latin-1") if isinstance(held, bytes) else str(held))
    joined = "".join("\ufffd" if "\ud800" <= char <= "\udfff" else char for char in "".join(texts))
    return Literal(joined, all(isinstance(part, ast.Constant) for part in parts))


def differences(files: Iterable[Path]) -> tuple[int, list[str]]:
    """How many literals of some Python files were compared, and those of another value than Python's."""
    compared = 0
    wrong: list[str] = []
    for path in files:
        data = path.read_bytes()
        source = Source(path.name, data)
        try:
            if python_error(source) is not None:
                continue
            found = list(literals(source.text, "python"))
        except Unreadable:
            continue
        for node, value in found:
            text = (node.text or b"").decode()
            compared += 1
            if value != by_python(text):
                wrong.append(f"{path}:{node.start_point[0] + 1}: {text[:80]!r} is {value}")
    return compared, wrong


def test_the_strings_of_some_modules_have_the_values_that_python_gives_them() -> None:
    """Plain, raw, bytes, formatted, side by side: as `ast` has them."""
    compared, wrong = differences(STDLIB / name for name in FEW)
    assert not wrong
    assert compared > 800


@pytest.mark.corpus
def test_the_strings_of_the_standard_library_have_the_values_that_python_gives_them() -> None:
    """Of every third file of the standard library and of what is installed beside it."""
    places = {STDLIB, Path(pytest.__file__).parents[1]}
    compared, wrong = differences(sorted(path for place in places for path in place.rglob("*.py"))[::3])
    assert not wrong[:20]
    assert compared > 35_000


PIECES = {
    "python": (
        "\\", "\\\\", "\\n", "\\'", '\\"', "\\x41", "\\101", "\\777", "\\8", "\\0", "\\N{BULLET}", "\\u00e9", "\\ud800",
        "\\U0001f600", "\\d", "\\/", "\\$", "\\\n", "\n", "\r\n", "{{", "}}", "a", "é", "b", "7", " ", "#", "\t",
    ),
    "javascript": (
        "\\\\", "\\n", "\\'", '\\"', "\\`", "\\x41", "\\0", "\\1", "\\12", "\\377", "\\400", "\\8", "\\u00e9",
        "\\u{1F600}", "\\u{41}", "\\ud83d\\ude00", "\\ud800", "\\d", "\\/", "\\$", "\\\n", "\\\r\n", "\\\u2028",
        "\u2029", "\\v", "\\b",
        "a", "é", "8", " ", "//", "\t", "{}", "$",
    ),
    "bash": (
        "\\\\", "\\n", "\\'", '\\"', "\\`", "\\x41", "\\x4", "\\101", "\\u00e9", "\\U1F600", "\\cA", "\\e",
        "\\d", "\\/", "\\$", "\\?", "a", "é", "8", " ", "#", "\t", "{}",
    ),
}  # fmt: skip


def generated(language: str, count: int) -> list[str]:
    """Literals out of escapes, odd characters and quotes, the same at every run."""
    chance = random.Random(language)
    made: list[str] = []
    while len(made) < count:
        content = "".join(chance.choices(PIECES[language], k=chance.randint(0, 7)))
        if language == "python":
            prefix = chance.choice(("", "", "r", "b", "Rb", "f", "rf", "F"))
            quote = chance.choice(('"', "'", '"""', "'''"))
            if "f" in prefix.lower():
                content += chance.choice(("", "{x}", "{x=}", "{x = !s}", "{x:>{w}}", "{x!r:^{w}}\\\\", "{x = :>9}z"))
            made.append(f"{prefix}{quote}{content}{quote}")
        elif language == "javascript":
            quote = chance.choice(('"', "'", "`"))
            content += chance.choice(("", "${x}", "a\r\nb", "\r")) if quote == "`" else ""
            made.append(f"{quote}{content}{quote}")
        else:
            made.append(chance.choice(("$'{}'", '"{}"', "'{}'")).replace("{}", content, 1))
    return made


def python_literals(count: int) -> tuple[int, list[str]]:
    """How many generated literals Python takes, and those of another value than Python's."""
    compared = 0
    wrong: list[str] = []
    for text in generated("python", count):
        try:
            expected = by_python(text)
        except (SyntaxError, ValueError):
            continue
        compared += 1
        found = [value for _, value in literals(text + "\n", "python")]
        if found != [expected]:
            wrong.append(f"{text!r} is {found}, not {expected}")
    return compared, wrong


@pytest.mark.parametrize("count", [600, pytest.param(20_000, marks=pytest.mark.corpus)])
def test_generated_python_strings_have_the_values_that_python_gives_them(count: int) -> None:
    """Every escape, every prefix, ends of lines of any kind."""
    compared, wrong = python_literals(count)
    assert not wrong[:10]
    assert compared > count / 3


READ = """
const texts = JSON.parse(require("fs").readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(texts.map(text => {
  try { return (0, eval)("var x = '{}'; (" + text + ")").toWellFormed(); } catch (error) { return null; }
})));
"""


def by_node(texts: Sequence[str]) -> list[str | None]:
    """What node reads in literals; None for what it refuses."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    ran = subprocess.run([node, "-e", READ], input=json.dumps(texts).encode(), capture_output=True, check=True)
    values: list[str | None] = json.loads(ran.stdout)
    return values


@pytest.mark.parametrize("language", ["javascript", "typescript", "tsx"])
@pytest.mark.parametrize("count", [600, pytest.param(20_000, marks=pytest.mark.corpus)])
def test_generated_javascript_strings_have_the_values_that_node_gives_them(language: str, count: int) -> None:
    """Escapes of one line and of two, legacy octal ones, templates with substitutions."""
    texts = generated("javascript", count)
    compared = 0
    for text, expected in zip(texts, by_node(texts), strict=True):
        if expected is None:
            continue
        compared += 1
        found = [value.value for _, value in literals(f"x = {text};\n", language)]
        assert found == [expected], repr(text)
    assert compared > count / 2


@pytest.mark.corpus
def test_every_string_of_installed_javascript_has_the_value_that_node_gives_it() -> None:
    """The literals without substitutions of the packages that come with node."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    root = Path(node).resolve().parents[1] / "lib" / "node_modules"
    texts: dict[str, str] = {}
    for path in sorted(root.rglob("*.js")):
        try:
            found = list(literals(path.read_bytes(), "javascript"))
        except Unreadable:
            continue
        texts |= {(node.text or b"").decode(): value.value for node, value in found if value.plain}
    if len(texts) < 1000:
        pytest.skip("node has no packages beside it")
    for (text, value), expected in zip(texts.items(), by_node(list(texts)), strict=True):
        assert expected is None or value == expected, repr(text)


@pytest.mark.parametrize("count", [200, pytest.param(3_000, marks=pytest.mark.corpus)])
def test_generated_bash_strings_have_the_values_that_bash_gives_them(count: int) -> None:
    """Between single and double quotes, and with `$'…'`."""
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("bash is not installed")
    texts = generated("bash", count)
    taken = [text for text in texts if [node.text for node, _ in literals(f"x={text}\n", "bash")] == [text.encode()]]
    script = "export LC_ALL=C.UTF-8\n" + "".join(f"printf '%s\\0' {text}\n" for text in taken)
    ran = subprocess.run([bash, "-c", script], capture_output=True, check=True)
    values = ran.stdout.split(b"\0")[:-1]
    for text, expected in zip(taken, values, strict=True):
        (value,) = [value.value for _, value in literals(f"x={text}\n", "bash")]
        assert value == expected.decode("utf-8", "replace"), repr(text)
    assert len(taken) > count / 3


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('"\\a\\x41\\101\\u00e9\\U0001F600\\\\\\""', '\aAAé😀\\"'),
        ('"\\xc3\\xa9\\303\\251"', "éé"),
        ('"\\xff"', "\ufffd"),
        ("`a\r\n\\n`", "a\n\\n"),
    ],
)
def test_go_strings(text: str, value: str) -> None:
    """The specification's escapes; bytes make characters; raw strings have no carriage return."""
    assert [found.value for _, found in literals(f"package a\nvar x = {text}\n", "go")] == [value]


@pytest.mark.parametrize(
    ("text", "value"),
    [("<a b='x\\n&amp;&lt;&#65;&nope &unknown;'/>", "x\\n&<A&nope &unknown;"), ('<a b="">c</a>', "")],
)
def test_attributes_of_jsx_have_references_in_place_of_escapes(text: str, value: str) -> None:
    """As in HTML, a backslash is itself."""
    for language in ("javascript", "tsx"):
        assert [found.value for _, found in literals(f"x = {text};\n", language)] == [value]
