"""The reference reader of each format that has one: what a comparison needs to hold ours against it."""

from __future__ import annotations

import importlib
import json
import math
import os
import random
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest

REFUSED = "\0refused"
"""What a reader says of a text that it doesn't read."""
HERE = Path(__file__).resolve().parent
PACKAGES = Path(os.environ.get("POLCHECK_NODE_MODULES", HERE.parent / "node_modules"))
"""Where npm has installed the readers that are JavaScript."""

Read = Callable[[Sequence[str]], list[Any]]


class Reader(NamedTuple):
    """A reference reader: the values of texts, the pieces that made-up texts consist of, and names of real files.

    `value` and `key` embed the text at a place in a document again; `at` is where the value then stands.
    """

    name: str
    read: Read
    pieces: tuple[str, ...]
    files: tuple[str, ...]
    value: Callable[[str], str] | None = None
    key: Callable[[str], str] | None = None
    at: tuple[str | int, ...] = ()
    ours: Callable[[Any], Any] = lambda values: values[0] if values else None
    lenient: bool = False
    whole: Callable[[random.Random], str] | None = None


def dotenv(texts: Sequence[str]) -> list[Any]:
    """python-dotenv without interpolation; a text with a line that it warns of is refused."""
    module = pytest.importorskip("dotenv.parser")
    import io

    read = list[Any]()
    for text in texts:
        bindings = list(module.parse_stream(io.StringIO(text, newline="")))
        refused = any(binding.error for binding in bindings)
        read.append(REFUSED if refused else {b.key: b.value for b in bindings if b.key is not None})
    return read


def node(script: str, texts: Sequence[str], *packages: str) -> list[Any]:
    """What a function of JavaScript makes of each text; it throws for one that it refuses."""
    program = shutil.which("node")
    if program is None:
        pytest.skip("node is not installed")
    for package in packages:
        if not (PACKAGES / package).is_dir():
            pytest.skip(f"{package} is not installed: `npm install --no-save {package}`")
    code = (
        f"const need = name => require({json.dumps(str(PACKAGES))} + '/' + name);"
        "const read = " + script + ";"
        "const spell = (_, v) => typeof v === 'number' && !isFinite(v) ? String(v) : v;"
        "(async () => { const out = []; const texts = JSON.parse(require('fs').readFileSync(0, 'utf8'));"
        "for (const text of texts) { try { out.push({v: await read(text)}) } catch (e) { out.push({e: String(e)}) } }"
        "process.stdout.write(JSON.stringify(out, spell)) })()"
    )
    ran = subprocess.run(
        [program, "-e", code], input=json.dumps(list(texts)), capture_output=True, text=True, check=True
    )
    return [REFUSED if "e" in one else one.get("v") for one in json.loads(ran.stdout)]


def jsonc(texts: Sequence[str]) -> list[Any]:
    """jsonc-parser, which VS Code reads its files with; a text with any error is refused."""
    script = (
        "text => { const errors = []; const value = need('jsonc-parser').parse(text, errors,"
        "{allowTrailingComma: true}); if (errors.length) throw errors; return value }"
    )
    return node(script, texts, "jsonc-parser")


def json5(texts: Sequence[str]) -> list[Any]:
    """The reader of the json5 package."""
    return node("text => need('json5').parse(text)", texts, "json5")


def json_lines(texts: Sequence[str]) -> list[Any]:
    """Each line that isn't blank by the standard library."""
    read = list[Any]()
    for text in texts:
        try:
            lines = text.removeprefix("\ufeff").split("\n")
            read.append([json.loads(line, parse_constant=_refuse) for line in lines if line.strip(" \t\r")])
        except ValueError:
            read.append(REFUSED)
    return read


def _refuse(name: str) -> None:
    raise ValueError(name)


_JAVA = """
import java.io.*; import java.nio.charset.StandardCharsets; import java.util.*;
public class Read {
  public static void main(String[] a) throws Exception {
    DataInputStream in = new DataInputStream(new BufferedInputStream(System.in));
    PrintStream out = new PrintStream(new BufferedOutputStream(System.out), false, "UTF-8");
    int texts = in.readInt();
    for (int i = 0; i < texts; i++) {
      byte[] data = new byte[in.readInt()]; in.readFully(data);
      Properties p = new Properties();
      try { p.load(new StringReader(new String(data, StandardCharsets.UTF_8))); }
      catch (IllegalArgumentException e) { out.println("refused"); continue; }
      StringBuilder line = new StringBuilder("read");
      for (String key : new TreeSet<>(p.stringPropertyNames()))
        line.append(' ').append(hex(key)).append('=').append(hex(p.getProperty(key)));
      out.println(line);
    }
    out.flush();
  }
  static String hex(String s) {
    StringBuilder b = new StringBuilder();
    for (char c : s.toCharArray()) b.append(String.format("%04x", (int) c));
    return b.toString();
  }
}
"""


def java(texts: Sequence[str]) -> list[Any]:
    """`java.util.Properties.load` of a reader."""
    program = shutil.which("java")
    if program is None:
        pytest.skip("java is not installed")
    folder = _java_program(program)
    data = b"".join(len(one).to_bytes(4, "big") + one for one in (text.encode() for text in texts))
    data = len(texts).to_bytes(4, "big") + data
    ran = subprocess.run([program, str(folder / "Read.java")], input=data, capture_output=True, check=True)
    read = list[Any]()
    for line in ran.stdout.decode().splitlines():
        words = line.split(" ")
        pairs = (word.split("=") for word in words[1:])
        read.append(REFUSED if words[0] == "refused" else {_unhex(key): _unhex(value) for key, value in pairs})
    return read


@cache
def _java_program(program: str) -> Path:
    import tempfile

    folder = Path(tempfile.mkdtemp())
    (folder / "Read.java").write_text(_JAVA)
    return folder


def _unhex(digits: str) -> str:
    return bytes.fromhex(digits).decode("utf-16-be", "surrogatepass")


def loose_json(choices: random.Random, five: bool = False, depth: int = 0) -> str:
    """A JSON text with comments and trailing commas, or one in all the spellings of JSON5."""
    gap = choices.choice(["", "", " ", "\n", "// c, ]\n", "/* c: } */", "\t", "\r\n"])
    kind = choices.randint(0, 3 if depth < 4 else 1)
    if kind <= 1:
        scalars = [
            '"a"',
            '"// b"',
            '"\\u00e9\\n"',
            "1",
            "-2.5e3",
            "true",
            "false",
            "null",
            '"é /* c */"',
            "1e400",
            "12345678901234567890",
        ]
        more = [
            "'a\"b'",
            "'\\x41\\\n'",
            "+1",
            ".5",
            "5.",
            "0xFf",
            "-0x1",
            "Infinity",
            "-NaN",
            "'\\0'",
            "'\u2028'",
            "'\\a\\v\\''",
        ]
        return gap + choices.choice(scalars + more * five) + gap
    parts = [loose_json(choices, five, depth + 1) for _ in range(choices.randint(0, 4))]
    if kind == 3:
        keys = ['"a"', '"b"', '"\\u0063"', '"d/*"', '"é"', '""'] + [
            "a",
            "$b",
            "'c'",
            "_\\u0064",
            "é1",
            "null",
            "Infinity",
        ] * five
        parts = [f"{gap}{choices.choice(keys)}{gap}:{part}" for part in parts]
    trail = choices.choice(["", ","]) + gap if parts else gap
    return gap + "[{"[kind - 2] + ",".join(parts) + trail + "]}"[kind - 2] + gap


def as_floats(value: Any) -> Any:
    """A value with each number as JavaScript has it."""
    if isinstance(value, dict):
        return {key: as_floats(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_floats(item) for item in value]
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    return "Infinity" if value == "1e400" else value


def module(name: str) -> Any:
    """A module of the reference readers; skips where it isn't installed."""
    try:
        return importlib.import_module(name)
    except ImportError:
        pytest.skip(f"{name} is not installed")


READERS: dict[str, Reader] = {
    reader.name: reader
    for reader in (
        Reader(
            "dotenv",
            dotenv,
            (
                *(
                    "A",
                    "B_1",
                    "export ",
                    "export",
                    "=",
                    " = ",
                    "= ",
                    "'",
                    '"',
                    "\\",
                    "\\'",
                    '\\"',
                    "\\n",
                    "#",
                    " #",
                    " ",
                ),
                *(
                    "\n",
                    "\n",
                    "\n",
                    "\r\n",
                    "\r",
                    "v",
                    "v w",
                    "é",
                    "\t",
                    "${A}",
                    "$A",
                    "A=1\n",
                    "\nB=",
                    "'x y'",
                    '"x y"',
                ),
                *("\u00a0", "\f", "C='a'\n", 'D="b\\tc"\n', "\nE=x # y\n", "\nF=x#y\n"),
            ),
            (".env", ".env.*", "*.env", "env.example", "*.env.example"),
            value=lambda text: f"K={text}\n" if text else "K=",
            key=lambda text: f"{text}=v\n",
            at=("K",),
        ),
        Reader(
            "jsonc",
            jsonc,
            (
                *("{", "}", "[", "]", ",", ",", ":", '"a"', '"b"', "1", "-2.5", "true", "null", " ", "\n", "// c\n"),
                *("/* c */", "/*", "*/", "//", '"//"', '"/*"', '"a": ', "{\n", "\r", '"\\u0041"', '{"a": [1, ', "}]"),
            ),
            ("tsconfig*.json", "devcontainer.json", "*.jsonc", "jsconfig*.json", "*.code-workspace", ".eslintrc.json"),
            value=str,
            ours=lambda values: as_floats(values[0]),
            whole=loose_json,
        ),
        Reader(
            "json5",
            json5,
            (
                *(
                    "{",
                    "}",
                    "[",
                    "]",
                    ",",
                    ",",
                    ":",
                    "'a'",
                    '"b"',
                    "a",
                    "$_b1",
                    "é",
                    "\\u0061",
                    "1",
                    "-2.5",
                    ".5",
                    "5.",
                ),
                *(
                    "+1",
                    "0x1F",
                    "-0xa",
                    "1e3",
                    "1E-2",
                    "Infinity",
                    "-Infinity",
                    "NaN",
                    "true",
                    "null",
                    "// c\n",
                    "/* c */",
                ),
                *(
                    " ",
                    "\n",
                    "\u2028",
                    "\u00a0",
                    "'\\x41'",
                    "'\\u00e9'",
                    "'a\\\nb'",
                    "'\\0'",
                    "'\\1'",
                    "'\\q\\''",
                    "a: 1,",
                ),
                *("{a: ", "[1,", "'\"'", '"\'"', "01", "1a", "- 1", "\ufeff", "'\u2028'"),
            ),
            ("*.json5", "*.json"),
            value=str,
            ours=lambda values: as_floats(values[0]),
            whole=lambda choices: loose_json(choices, five=True),
        ),
        Reader(
            "jsonl",
            json_lines,
            (
                *(
                    '{"a": 1}\n',
                    '{"a": [1, {"b": "é"}]}\n',
                    "\n",
                    "\r\n",
                    " ",
                    "1",
                    "null",
                    '"x"',
                    "[",
                    "]",
                    "{}",
                    "\n[]\n",
                ),
                *("{", "}", "NaN", "\ufeff", "\x85", "\u2028", '"\u2028"\n'),
            ),
            ("*.jsonl", "*.ndjson"),
            value=str,
            ours=list,
        ),
        Reader(
            "properties",
            java,
            (
                *(
                    "a",
                    "b.c",
                    "=",
                    ":",
                    " = ",
                    " ",
                    "\t",
                    "\f",
                    "\\",
                    "\\\\",
                    "\\\n",
                    "\\\r\n",
                    "\\=",
                    "\\:",
                    "\\ ",
                    "\\u00e9",
                ),
                *(
                    "\\u12",
                    "\\n",
                    "\\t",
                    "\\q",
                    "#",
                    "!",
                    "\n",
                    "\n",
                    "\r\n",
                    "\r",
                    "v",
                    "v w",
                    "é",
                    "\na=1\n",
                    "\n# c\n",
                ),
                *("\n  ", "key value\n", "\\\n   more\n", "\u2028", "\\ud83d\\ude00", "\x0b"),
            ),
            ("*.properties",),
            value=lambda text: f"k={text}\n",
            key=lambda text: f"{text}=v\n",
            at=("k",),
        ),
    )
}


def made_up(reader: Reader, count: int) -> list[str]:
    """So many texts of the pieces of a format, most of them short and many broken; the same ones each time."""
    choices = random.Random(f"{reader.name} 7")
    if reader.whole is not None:
        half = [reader.whole(choices) for _ in range(count // 2)]
        return half + made_up(reader._replace(whole=None), count - count // 2)
    return ["".join(choices.choices(reader.pieces, k=choices.randint(0, 12))) for _ in range(count)]


def corpus(reader: Reader) -> Iterator[Path]:
    """The real files of a format below the folders that POLCHECK_FORMATS_CORPUS names, divided by colons."""
    for root in os.environ.get("POLCHECK_FORMATS_CORPUS", "").split(":"):
        for pattern in reader.files if root else ():
            yield from (path for path in sorted(Path(root).rglob(pattern)) if path.is_file() and not path.is_symlink())


def same(left: Any, right: Any) -> bool:
    """Whether two values are the same; floats to the last digit or so, as readers round decimals alike but for that."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, float) and isinstance(right, int | float) and not isinstance(right, bool):
        return math.isclose(left, right, rel_tol=1e-15)
    return type(left) is type(right) and left == right
