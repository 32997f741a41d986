"""A literal that is written for a text means that text, for the language itself too, and nothing more."""

from __future__ import annotations

import ast
import json
import shutil
import sqlite3
import subprocess
import tomllib
from collections.abc import Callable, Sequence
from html.parser import HTMLParser
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from polcheck.base.spans import Source, Span
from polcheck.edits.code import replace_code
from polcheck.edits.edit import EditRefused, apply
from polcheck.edits.quoting import quote
from polcheck.languages.registry import languages

WRITTEN = sorted(name for name, language in languages().items() if language.quoting)
UNWRITTEN = {"dockerfile", "make", "markdown"}  # whose texts stand without quotes
PIECES = (
    *("'", '"', "`", "\\", "\n", "\r", "\t", "\0", "\x07", "\x7f", "\x85", "\u2028", "\u202e", "é", "😀", "\ue000"),
    *("$", "${", "#{", "%{", "{{", "}}", "\\(", "$(", "!!", "??/", "\\u0041", "\\x41", "\\N{BULLET}", "$$", "''", "*/"),
    *(
        "//",
        "--",
        ";",
        ")",
        "]",
        "</a>",
        "<?",
        "?>",
        "&amp;",
        "0",
        "9",
        "a",
        "x",
        " ",
        "-",
        "=",
        "\\\n",
        "@",
        "~",
        "%s",
    ),
)
TEXTS = ["", *PIECES, *(one + other for one in PIECES for other in ("9", "a", "'", '"', "\\", "{", "u"))]


def literals(name: str, texts: Sequence[str] = TEXTS) -> dict[str, str]:
    """The literals of texts, without those that are refused."""
    found = {}
    for text in texts:
        try:
            found[text] = quote(text, name)
        except EditRefused:
            continue
    return found


def test_every_language_with_string_literals_has_them_written() -> None:
    """The others are named here."""
    assert set(languages()) - set(WRITTEN) == UNWRITTEN
    for name in UNWRITTEN:
        with pytest.raises(EditRefused, match="writes no string literals"):
            quote("a", name)


@pytest.mark.parametrize("name", WRITTEN)
def test_most_texts_can_be_written_in_every_language(name: str) -> None:
    """Letters always, and of odd texts at least a third."""
    assert len(literals(name)) > len(TEXTS) // 3
    assert {"a", "é", "", "0", " "} <= set(literals(name))


@given(st.lists(st.sampled_from(PIECES), max_size=8).map("".join), st.sampled_from(WRITTEN))
def test_a_text_that_is_put_into_a_literal_stays_in_it(text: str, name: str) -> None:
    """Exchanged for another literal in code, it is refused or changes nothing around it."""
    way = languages()[name].quoting[0]
    try:
        old, new = quote("a", name), quote(text, name)
    except EditRefused:
        return
    code = way.before + old + way.after
    source = Source("", code.encode())
    edits = replace_code(source, name, Span(len(way.before), len(way.before + old)), new)
    assert apply(source.data, edits).decode() == way.before + new + way.after


def by_python(texts: Sequence[str]) -> list[str]:
    """What Python reads in literals."""
    return [ast.literal_eval(text) for text in texts]


def by_node(texts: Sequence[str]) -> list[str]:
    """What Node reads in literals of JavaScript."""
    node = shutil.which("node") or pytest.skip("node is not installed")
    script = f"process.stdout.write(JSON.stringify([{','.join(texts)}]))"
    found: list[str] = json.loads(
        subprocess.run([node, "-"], input=script.encode(), capture_output=True, check=True).stdout
    )
    return found


def by_bash(texts: Sequence[str]) -> list[str]:
    """What bash reads in words."""
    bash = shutil.which("bash") or pytest.skip("bash is not installed")
    script = "".join(f"printf '%s\\0' {text}\n" for text in texts)
    output = subprocess.run([bash, "-"], input=script.encode(), capture_output=True, check=True).stdout
    return output.decode().split("\0")[:-1]


def by_html(texts: Sequence[str]) -> list[str]:
    """What an HTML parser reads in attributes."""
    found: list[str] = []

    class Parser(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            assert tag == "a" and len(attrs) == 1
            found.append(attrs[0][1] or "")

    for text in texts:
        Parser().feed(f"<a b={text}></a>")
    return found


def by_sqlite(texts: Sequence[str]) -> list[str]:
    """What SQLite reads in literals."""
    with sqlite3.connect(":memory:") as connection:
        return [connection.execute(f"SELECT {text}").fetchone()[0] for text in texts]


READERS: dict[str, Callable[[Sequence[str]], list[str]]] = {
    "python": by_python,
    "javascript": by_node,
    "typescript": by_node,
    "bash": by_bash,
    "html": by_html,
    "sql": by_sqlite,
    "json": lambda texts: [json.loads(text) for text in texts],
    "yaml": lambda texts: [yaml.safe_load(f"a: {text}\n")["a"] for text in texts],
    "toml": lambda texts: [tomllib.loads(f"a = {text}\n")["a"] for text in texts],
}


@pytest.mark.parametrize("name", sorted(READERS))
def test_the_language_itself_reads_the_text_in_a_literal(name: str) -> None:
    """Each text that is written is what another reader of the language has."""
    written = literals(name)
    assert READERS[name](list(written.values())) == list(written)


def compiled(tmp_path: Path, name: str, texts: Sequence[str]) -> bytes:
    """What a compiled program prints that has these literals, each with a NUL behind it."""
    programs = {
        "c": ("a.c", "#include <stdio.h>\nint main(void) {{\n{}}}\n", "fwrite({0}, 1, sizeof({0}), stdout);\n"),
        "go": ("a.go", 'package main\n\nimport "fmt"\n\nfunc main() {{\n{}}}\n', 'fmt.Print({0} + "\\x00")\n'),
        "rust": ("a.rs", "fn main() {{\n{}}}\n", 'print!("{{}}\\0", {0});\n'),
        "java": (
            "A.java",
            "class A {{ public static void main(String[] a) throws Exception {{\n"
            "{}}}\nstatic void p(String s) throws Exception "
            '{{ System.out.write((s + "\\0").getBytes("UTF-8")); System.out.flush(); }} }}\n',
            "p({0});\n",
        ),
    }
    commands = {
        "c": (["gcc", "-trigraphs", "-w", "a.c", "-o", "a"], ["./a"]),
        "go": (["go", "build", "-o", "a", "a.go"], ["./a"]),
        "rust": (["rustc", "-A", "warnings", "a.rs", "-o", "a"], ["./a"]),
        "java": (["javac", "-encoding", "UTF-8", "A.java"], ["java", "-cp", ".", "A"]),
    }
    if shutil.which(commands[name][0][0]) is None:
        pytest.skip(f"{commands[name][0][0]} is not installed")
    file, program, line = programs[name]
    (tmp_path / file).write_text(program.format("".join(line.format(text) for text in texts)), "utf-8", newline="")
    subprocess.run(commands[name][0], cwd=tmp_path, check=True, capture_output=True, timeout=240)
    return subprocess.run(commands[name][1], cwd=tmp_path, check=True, capture_output=True, timeout=60).stdout


@pytest.mark.corpus
@pytest.mark.parametrize("name", ["c", "go", "rust", "java"])
def test_a_compiled_program_has_the_text_of_a_literal(tmp_path: Path, name: str) -> None:
    """Each text that is written is what the program prints."""
    written = literals(name)
    assert compiled(tmp_path, name, list(written.values())) == b"".join(text.encode() + b"\0" for text in written)
