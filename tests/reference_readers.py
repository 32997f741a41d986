"""The reference reader of each format that has one: what a comparison needs to hold ours against it."""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import math
import os
import random
import re
import shutil
import subprocess
import sys
import sysconfig
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from polcheck.base.spans import Source
from polcheck.formats import parse_config
from polcheck.formats.values import Unparsable

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
    shown: Callable[[Any, str], str | None] | None = None
    """The value of a string whose place has this text, by the pointer of the value; None where that can't be told."""
    whole: Callable[[random.Random], str] | None = None


def dotenv(texts: Sequence[str]) -> list[Any]:
    """python-dotenv without interpolation; a text with a line that it warns of is refused."""
    module = pytest.importorskip("dotenv.parser")

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


def hcl2json(texts: Sequence[str]) -> list[Any]:
    """hcl2json, compiled for JavaScript; a text of which HCL reports an error is refused."""
    return node("text => need('@cdktf/hcl2json').parse('x.tf', text)", texts, "@cdktf/hcl2json")


INSTRUCTIONS = """ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER onbuild RUN SHELL
STOPSIGNAL USER VOLUME WORKDIR"""


def moby(texts: Sequence[str]) -> list[Any]:
    """The package dockerfile, which is moby's parser, in an interpreter of its own where one is named."""
    program = os.environ.get("POLCHECK_DOCKERFILE_PYTHON", sys.executable)
    code = (
        "import dockerfile, json, sys\n"
        "def read(text):\n"
        "    try:\n"
        "        rows = dockerfile.parse_string(text)\n"
        "        return [[c.cmd.upper(), (c.sub_cmd or '').upper(), bool(c.json), c.flags, c.value] for c in rows]\n"
        "    except Exception:\n"
        "        return None\n"
        "print(json.dumps([read(text) for text in json.load(sys.stdin)]))\n"
    )
    ran = subprocess.run(
        [program, "-c", code], input=json.dumps(list(texts)), capture_output=True, text=True, check=False
    )
    if ran.returncode and "No module named" in ran.stderr:
        pytest.skip(
            "the package dockerfile is not installed, nor in the interpreter that POLCHECK_DOCKERFILE_PYTHON names"
        )
    known = set(INSTRUCTIONS.upper().split())
    known |= {"STOPSIGNAL", "USER", "VOLUME", "WORKDIR"}
    read = list[Any]()
    for rows in json.loads(ran.stdout):
        refused = rows is None or any(
            row[0] not in known or (row[1] and row[1] not in known - {"ONBUILD"}) for row in rows
        )
        read.append(REFUSED if refused else rows)
    return read


def as_moby(values: Any) -> Any:
    """Rows of ours as moby's parser gives them."""
    rows = list[Any]()
    for row in values[0]:
        value = list(row["arguments"])
        name = row.get("trigger", row["instruction"])
        if name in ("ENV", "LABEL") and value and "=" in value[0]:
            value = [part for word in value for part in word.split("=", 1)]
        flags = ["--" + flag["name"] + ("=" + flag["value"] if "value" in flag else "") for flag in row["flags"]]
        if "trigger" in row:  # of which the package shows no flags
            flags = []
        rows.append([row["instruction"], row.get("trigger", ""), row.get("form") == "exec", flags, value])
    return rows


def a_dockerfile(choices: random.Random) -> str:
    """A Dockerfile of instructions with arguments of every kind."""
    words = [
        "a",
        "b=c",
        '"d e"',
        "'f g'",
        "h\\ i",
        "$J",
        "${K:-l}",
        "é",
        'm="n o"',
        "p=",
        "80/tcp",
        "--q",
        "--r=s",
        '--t="u v"',
    ]
    words += [
        '["w", "x"]',
        '["y]',
        "[ ]",
        "\\\n",
        "\\\n  # z\n\n ",
        "\\ \n",
        "AS",
        "as b2",
        "CMD",
        "NONE",
        "<<E",
        "<<-'E'",
        "\\\\",
    ]
    names = INSTRUCTIONS.split()
    lines = [choices.choice(["", "", "", "# escape=`\n", "# syntax=x\n", "# c\n", "\n"])]
    for _ in range(choices.randint(1, 5)):
        parts = [choices.choice(names), *choices.choices(words, k=choices.randint(0, 4))]
        if parts[0] == "onbuild":
            parts.insert(1, choices.choice(names))
        if parts[0] in ("ENV", "LABEL") and choices.random() < 0.7:
            parts[1:] = choices.choices(["a=b", 'c="d e"', "f=\\ g", "h='i j'k", "l=$M", "\\\n"], k=2)
        line = choices.choice(["", "", " ", "\t"]) + choices.choice([" ", " ", "  ", "\t"]).join(parts)
        lines.append(line + choices.choice(["\n", "\n", "\r\n", "\n\n", "\n# c\n", " \n"]))
        if "<<" in line and choices.random() < 0.9:
            lines.append(choices.choice(["x\n", "", "\ty \\\n", "#\n"]) + choices.choice(["E\n", "\tE\n", "E\r\n"]))
    return "".join(lines)


def sections(texts: Sequence[str]) -> list[Any]:
    """configparser with the names as they are, of texts that it and systemd read alike: without continued lines."""
    import configparser

    read = list[Any]()
    for text in texts:
        parser = configparser.RawConfigParser(
            delimiters=("=",),
            comment_prefixes=("#", ";"),
            strict=False,
            default_section="\0",
            empty_lines_in_values=False,
        )
        parser.optionxform = str  # type: ignore[assignment,method-assign]
        lines = [line.strip(" \t") for line in re.split(r"\r\n|\r|\n", text)]
        try:
            parser.read_string("\n".join(line for line in lines if line))
        except configparser.Error:
            read.append(REFUSED)
            continue
        read.append(REFUSED if "\\" in text else {name: dict(parser.items(name)) for name in parser.sections()})
    return read


def pip(texts: Sequence[str]) -> list[Any]:
    """pip's own reader of the lines, and `packaging` for what stands in them."""
    files = module("pip._internal.req.req_file")
    parse_line = files.get_line_parser(None)
    read = list[Any]()
    for text in texts:
        rows = list[Any]()
        try:
            for _, line in files.preprocess(text):
                with contextlib.redirect_stderr(io.StringIO()):
                    arguments, options = parse_line(line)
                rows += [_pip_requirement(arguments, options)] if arguments else _pip_options(options)
            read.append(rows)
        except (Exception, SystemExit):  # whatever pip raises, it doesn't read the file
            read.append(REFUSED)
    return read


def _pip_requirement(arguments: str, options: Any) -> list[Any]:
    given = {name: value for name, value in vars(options).items() if value}
    if given.keys() - {"hashes", "global_options", "config_settings", "require_hashes", "format_control"}:
        raise ValueError("options of the file beside a requirement")
    hashes = sorted(f"{name}:{digest}" for name, digests in (options.hashes or {}).items() for digest in digests)
    return [_requirement(arguments), hashes]


def _requirement(text: str) -> list[Any]:
    from packaging.requirements import InvalidRequirement, Requirement
    from packaging.utils import canonicalize_name

    try:
        read = Requirement(text)
    except InvalidRequirement:
        location = text.split("; ", maxsplit=1)[0].split(" ;", maxsplit=1)[0].strip()
        if ("/" in location and " " not in location) or location.startswith((".", "git+", "http")):
            return [location]
        if location.lower().endswith((".whl", ".zip", ".tar.gz")) and " " not in location:
            return [location]
        raise
    return [
        canonicalize_name(read.name),
        sorted(read.extras),
        sorted(map(str, read.specifier)),
        read.url,
        str(read.marker) if read.marker else None,
    ]


def _pip_options(options: Any) -> list[Any]:
    rows = list[Any]()
    names = {
        **{"index_url": "--index-url", "extra_index_urls": "--extra-index-url", "find_links": "--find-links"},
        **{"editables": "--editable", "requirements": "--requirement", "constraints": "--constraint"},
        **{"trusted_hosts": "--trusted-host", "no_index": "--no-index", "pre": "--pre"},
        **{
            "require_hashes": "--require-hashes",
            "prefer_binary": "--prefer-binary",
            "features_enabled": "--use-feature",
        },
    }
    for key, name in names.items():
        value = getattr(options, key, None)
        values = value if isinstance(value, list) else [value] if value else []
        rows += [[name, one if isinstance(one, str) else None] for one in values]
    return sorted(rows, key=str)


def as_pip(values: Any) -> Any:
    """Rows of ours as pip's reader gives them: options of one line in the order of their names."""
    rows = list[Any]()
    for row in values[0]:
        if "option" in row:
            if row["option"] not in ("--no-binary", "--only-binary"):
                rows.append([row["option"], row.get("value")])
            continue
        location = row.get("path") or (row.get("url") if "name" not in row else None)
        read = [location] if location else _requirement(row["requirement"])
        rows.append([read, sorted(row.get("hashes", []))])
        if not location:
            told = [row["name"], sorted(row.get("extras", []))]
            told += [sorted(one["operator"] + one["version"] for one in row.get("specifiers", [])), row.get("url")]
            assert told[0] == read[0], row
            assert len(told[1]) == len(read[1]), row
            assert sorted(_specifier(one) for one in told[2]) == read[2], row
            assert told[3] == read[3], row
            assert ("marker" in row) == (read[4] is not None), row
    return rows


def _specifier(text: str) -> str:
    from packaging.specifiers import Specifier

    return str(Specifier(text))


def code_owners(texts: Sequence[str]) -> list[Any]:
    """The package codeowners: patterns, how many owners each has, and the section that it stands in."""
    package = module("codeowners")
    read = list[Any]()
    for text in texts:
        rows = reversed(package.CodeOwners(text).paths)
        read.append(
            [
                [pattern, [owner for _, owner in owners if "/" * 20 not in owner], section]  # which stands for `\ `
                for _, pattern, owners, _, section in rows
            ]
        )
    return read


def as_code_owners(values: Any) -> Any:
    """Rows of ours as the package codeowners gives them: it passes over owners of an odd form."""
    package = module("codeowners")
    return [
        [
            row["pattern"],
            [owner for owner in row["owners"] if package.parse_owner(owner) and "\\ " not in owner],
            row.get("section"),
        ]
        for row in values[0]
    ]


def records(texts: Sequence[str], delimiter: str = ",") -> list[Any]:
    """`csv.DictReader` in its strict form, of tables whose records have as many fields as the header, or fewer."""
    import csv

    read = list[Any]()
    for text in texts:
        reader = csv.DictReader(io.StringIO(text.lstrip("\r\n"), newline=""), delimiter=delimiter, strict=True)
        try:
            rows = [{key: value for key, value in row.items() if value is not None} for row in reader]
        except csv.Error:
            read.append(REFUSED)
            continue
        read.append(REFUSED if any(None in row for row in rows) else rows)
    return read


def go(texts: Sequence[str]) -> list[Any]:
    """`go mod edit -json`; lists that it leaves out are empty."""
    program = shutil.which("go")
    if program is None:
        pytest.skip("go is not installed")
    import tempfile

    read = list[Any]()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "go.mod")
        for text in texts:
            # NOTE: the go of Debian knows neither these lines nor their versions
            newer = r"(?m)^(go 1)\.[0-9.]+|^toolchain .*|^(?:tool|ignore|godebug) (?:[^(\n]*$|\([^)]*\))"
            plain = re.sub(newer, _older, text)
            path.write_bytes(plain.encode())
            ran = subprocess.run([program, "mod", "edit", "-json", str(path)], capture_output=True, check=False)
            read.append(as_go(json.loads(ran.stdout)) if ran.returncode == 0 else REFUSED)
    return read


def _older(line: re.Match[str]) -> str:
    return "go 1.19" if line[1] else ""


def as_go(value: Any) -> Any:
    """A file of modules without its empty lists, and without what older releases of go don't know."""
    module = value.get("Module") or {}
    older = {
        key: item for key, item in value.items() if item and key not in ("Go", "Toolchain", "Tool", "Ignore", "Godebug")
    }
    return older | {"Module": {"Path": module.get("Path", "")}}


def xml(texts: Sequence[str]) -> list[Any]:
    """xmltodict, with an array for each element but the root."""
    package = module("xmltodict")
    read = list[Any]()
    for text in texts:
        try:
            read.append(package.parse(text.encode(), encoding="utf-8", force_list=_in_array))
        except Exception:  # expat's error, ValueError for entities
            read.append(REFUSED)
    return read


def _in_array(path: Any, key: str, value: Any) -> bool:
    return bool(path) and key != "#text" and not key.startswith("@")


def as_xml(value: Any) -> Any:
    """A document of ours as xmltodict gives it: null for an empty string, white space at the ends gone."""
    if isinstance(value, dict):
        members = {key: item if key.startswith("@") else as_xml(item) for key, item in value.items()}
        return {key: item for key, item in members.items() if key != "#text" or item is not None}
    if isinstance(value, list):
        return [as_xml(item) for item in value]
    return value.strip() or None


def notebooks(texts: Sequence[str]) -> list[Any]:
    """nbformat, which joins lines; what it takes away as transient is taken away of ours, too."""
    package = module("nbformat")
    read = list[Any]()
    for text in texts:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                given = package.reads(text, as_version=package.NO_CONVERT)
            read.append(as_notebook([json.loads(json.dumps(given))]) if given.nbformat == 4 else REFUSED)
        except Exception:  # whatever nbformat raises, it doesn't read the file
            read.append(REFUSED)
    return read


def as_notebook(values: Any) -> Any:
    """A notebook without what nbformat takes away or makes: signatures, whether cells are trusted, identifiers."""
    notebook = dict(values[0])
    old = ("orig_nbformat", "orig_nbformat_minor", "signature")
    notebook["metadata"] = {key: value for key, value in notebook.get("metadata", {}).items() if key not in old}
    notebook["cells"] = [
        {key: value for key, value in cell.items() if key != "id"}
        | {"metadata": {key: value for key, value in cell.get("metadata", {}).items() if key != "trusted"}}
        for cell in notebook["cells"]
    ]
    return notebook


def markdown(texts: Sequence[str]) -> list[Any]:
    """What YAML or TOML says between lines `---` or `+++` at the beginning, and the tables of markdown-it's tokens."""
    package = module("markdown_it")
    read = list[Any]()
    for text in texts:
        front: Any = None
        body = text
        lines = re.findall(r"[^\r\n]*(?:\r\n?|\n|\Z)", text)
        closing = {"---": ("---", "..."), "+++": ("+++",)}.get(lines[0].rstrip(), ())
        if any(line.rstrip() in closing for line in lines[1:]):
            end = next(n for n, line in enumerate(lines) if n and line.rstrip() in closing)
            try:
                values = parse_config(
                    Source("", "".join(lines[1:end]).encode()), "toml" if lines[0][0] == "+" else "yaml"
                ).values
            except Unparsable:
                read.append(REFUSED)
                continue
            front = values[0] if len(values) == 1 else None if not values else ""
            body = "".join(lines[end + 1 :]) if isinstance(front, dict) or front is None else text
            front = front if isinstance(front, dict) else None
        tables = list[Any]()
        inside: list[list[str]] | None = None
        for token in package.MarkdownIt("commonmark", {"maxNesting": 20}).enable("table").parse(body):
            if token.type == "table_open":
                inside = []
            elif token.type == "tr_open" and inside is not None:
                inside.append([])
            elif token.type == "inline" and inside:
                inside[-1].append(token.content)
            elif token.type == "table_close" and inside is not None:
                tables.append([dict(zip(inside[0], row, strict=True)) for row in inside[1:]])
                inside = None
        read.append([json.loads(json.dumps(front)), tables])
    return read


def as_markdown(values: Any) -> Any:
    """Front matter, and the rows of each table."""
    return [values[0]["front_matter"], [table["rows"] for table in values[0]["tables"]]]


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


def a_notebook(choices: random.Random) -> str:
    """A notebook of a few cells."""
    sources: list[Any] = ["x = 1", ["a\n", "b 'é'"], [], ["%m\n"], "", [1]]
    data = {"text/plain": ["p\n", "q"], "application/json": ["r"], "image/png": "s", "x+json": [{}]}
    outputs: list[Any] = [
        {"output_type": "stream", "name": "stdout", "text": ["t\n", "u"]},
        {"output_type": "execute_result", "data": data, "metadata": {}, "execution_count": 1},
        {"output_type": "error", "ename": "E", "evalue": "", "traceback": ["v", "w"]},
    ]
    cells = list[Any]()
    for _ in range(choices.randint(0, 4)):
        cell = {
            "cell_type": choices.choice(["code", "markdown", "raw"]),
            "source": choices.choice(sources),
            "metadata": {},
        }
        if cell["cell_type"] == "code":
            cell |= {"outputs": choices.choices(outputs, k=choices.randint(0, 2)), "execution_count": None}
        if cell["cell_type"] == "markdown" and choices.random() < 0.3:
            cell["attachments"] = {"z.png": {"image/png": ["y"]}}
        cells.append(cell)
    notebook = {"nbformat": choices.choice([4, 4, 4, 4, 3]), "nbformat_minor": 2, "metadata": {}, "cells": cells}
    return json.dumps(notebook, indent=choices.choice([None, 1]))


def an_element(choices: random.Random, depth: int = 0) -> str:
    """A document of XML."""
    name = choices.choice(["a", "b", "c:d", "é"]) if depth else "a"
    attributes = choices.choice(["", "", ' x="1"', " x='&lt;\n' y = \"z\"", " xmlns:c='u'"])
    inner = list[str]()
    for _ in range(choices.randint(0, 4 if depth < 3 else 0)):
        inner.append(choices.choice(["t", " ", "\n", "&amp;", "<!-- c -->", "<![CDATA[<]]>", "", "é"]))
        inner.append(an_element(choices, depth + 1))
    body = "".join(inner) or choices.choice(["", " v ", "w&gt;", "\n"])
    return f"<{name}{attributes}/>" if not body else f"<{name}{attributes}>{body}</{name}>"


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
            "dockerfile",
            moby,
            (
                *(
                    "FROM a\n",
                    "FROM b AS c\n",
                    "RUN ",
                    "ENV ",
                    "COPY ",
                    "CMD ",
                    "x",
                    "y=z",
                    '"',
                    "'",
                    "\\",
                    "\\\n",
                    "\n",
                    "\n",
                ),
                *(
                    " ",
                    "\t",
                    "# d\n",
                    "#escape=`\n",
                    "`\n",
                    "--e=f ",
                    "-- ",
                    '["g"]',
                    "[",
                    "]",
                    "<<H\n",
                    "H\n",
                    "\r\n",
                    "\v",
                    "\xa0",
                ),
                *(
                    "ONBUILD ",
                    "HEALTHCHECK ",
                    "LABEL ",
                    "ARG ",
                    "EXPOSE 80\n",
                    "# check=skip=all\n",
                    "é",
                    "\x1c",
                    "\u2028",
                ),
            ),
            ("Dockerfile", "Dockerfile.*", "*.Dockerfile", "Containerfile"),
            ours=as_moby,
            shown=lambda pointer, text: (
                text if pointer[-2:-1] in (("arguments",), ("heredocs",)) and not set(text) & set('\n"') else None
            ),
            whole=a_dockerfile,
        ),
        Reader(
            "hcl",
            hcl2json,
            (
                *(
                    "a = 1\n",
                    "b {\n",
                    "}\n",
                    'c "d" "e" {\n',
                    "f = ",
                    "[1, 2]",
                    "[",
                    "]",
                    "{",
                    "}",
                    "{ g = 1 }",
                    '"h"',
                    "\n",
                ),
                *(
                    '"i ${var.j} k"',
                    '"${l}"',
                    "var.m",
                    "m[0]",
                    "n(o, 1)",
                    " + ",
                    " ? ",
                    " : ",
                    "-1",
                    "1.50",
                    "true",
                    "null",
                ),
                *(
                    "<<EOT\n",
                    "<<-EOT\n",
                    "  p ${q}\n",
                    "    r\n",
                    "EOT\n",
                    "  EOT\n",
                    "# s\n",
                    "// t\n",
                    "/* u */",
                    ",",
                    " = ",
                ),
                *(
                    '"$${v}"',
                    '"%{ if w }x%{ else }y%{ endif }"',
                    '"\\u00e9\\n"',
                    "[for z in a : z]",
                    "(1)",
                    " ",
                    "g = h\n",
                ),
                *(
                    '"a-${b ? "c" : "d"}"',
                    '"${~ e ~} f"',
                    '"${"g"}h"',
                    'b = {\n i = 1, j : 2\n (k) = 3\n "l" = [4]\n}\n',
                ),
            ),
            ("*.tf", "*.tfvars", "*.hcl"),
            value=lambda text: f"a = [\n{text}\n]\n",
            at=("a", 0),
            ours=lambda values: as_floats(values[0]),
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
        Reader(
            "requirements",
            pip,
            (
                *(
                    "a\n",
                    "A.b_c==1.0\n",
                    "d[e,f]>=1,<2 ; python_version < '3'\n",
                    "g @ https://h/i.whl\n",
                    "j",
                    "==2",
                    " ",
                    "\n",
                ),
                *(
                    " # k\n",
                    "# l\n",
                    "-r m.txt\n",
                    "--requirement=n\n",
                    "-e ./o\n",
                    "-i https://p\n",
                    "--hash=sha256:" + "a" * 64,
                ),
                *(
                    " \\\n",
                    "\\\n",
                    "--pre\n",
                    "./q\n",
                    "git+https://r/s#egg=t\n",
                    "u ( >=1 , <2 )\n",
                    "--no-index\n",
                    "~=1.2",
                    ";",
                ),
                *(
                    "--extra-index-url 'v w'\n",
                    "-cx\n",
                    "y>=1.*\n",
                    "z===1.0+l\n",
                    ",",
                    "[",
                    "\r\n",
                    "\x0c",
                    "-",
                    "é",
                    "==1.0.*",
                ),
            ),
            ("requirements*.txt", "*requirements.txt", "constraints*.txt"),
            ours=as_pip,
            shown=lambda pointer, text: (
                text
                if pointer[-1] in ("requirement", "marker", "operator", "url") and not set(text) & set("\n\\")
                else None
            ),
        ),
        Reader(
            "codeowners",
            code_owners,
            (
                *(
                    "*",
                    "/a/",
                    " ",
                    "\t",
                    "@b",
                    "@c/d",
                    "e@f.g",
                    "\n",
                    "\n",
                    "# h\n",
                    "s\\ t",
                    "[i]\n",
                    "^[j]\n",
                    "k/*.l @m\n",
                    "\r\n",
                    "é",
                ),
                *("x y\n", "/n @o @p/q\n"),
            ),
            ("CODEOWNERS",),
            ours=as_code_owners,
            shown=lambda pointer, text: text if pointer[-1] in ("pattern", "section") or "owners" in pointer else None,
        ),
        Reader(
            "csv",
            records,
            (
                *(
                    "a,b,c\n",
                    "a,b\n",
                    "1,2,3\n",
                    "x",
                    "y z",
                    ",",
                    ",",
                    '"',
                    '""',
                    '"q ""r"""',
                    '"s\nt"',
                    "\n",
                    "\n",
                    "\r\n",
                    "\r",
                    " ",
                ),
                *("é", "\t", ";", "a\n", "\n1,2\n", "\n,\n"),
            ),
            ("*.csv",),
            value=lambda text: f"k,l\n{text},m\n",
            at=(0, "k"),
        ),
        Reader(
            "tsv",
            lambda texts: records(texts, "\t"),
            ("a\tb\n", "1\t2\n", "x", "\t", "\t", '"', '"s\tt"', "\n", "\r\n", ",", "é", "\n3\t4\n"),
            ("*.tsv",),
            value=lambda text: f"k\tl\n{text}\tm\n",
            at=(0, "k"),
        ),
        Reader(
            "gomod",
            go,
            (
                *(
                    "module a.b/c\n",
                    "go 1.19\n",
                    "require d.e/f v1.2.3\n",
                    "require (\n",
                    ")\n",
                    "\tg.h/i v0.1.0 // indirect\n",
                    "\n",
                ),
                *(
                    "exclude d.e/f v1.2.4\n",
                    "replace g.h/i => ../j\n",
                    "replace g.h/i v0.1.0 => k.l/m v1.0.0\n",
                    "// n\n",
                    '"o.p/q"',
                ),
                *(
                    "retract v1.0.0 // r\n",
                    "retract [v1.0.0, v1.1.0]\n",
                    "// s\nretract v1.3.0\n",
                    " ",
                    "\r\n",
                    "t",
                    "=>",
                    "(",
                    "/* u */",
                ),
                "\td.e/f v1.2.3\n",
            ),
            ("go.mod",),
            ours=lambda values: as_go(values[0]),
            shown=lambda pointer, text: (
                text if pointer[-1] in ("Path", "Version", "Low", "High") and '"' not in text else None
            ),
        ),
        Reader(
            "xml",
            xml,
            (
                *(
                    "<a>",
                    "</a>",
                    "<b/>",
                    "<c d='e' f=\"g\">",
                    "</c>",
                    "h",
                    " ",
                    "\n",
                    "&lt;",
                    "&#233;",
                    "&i;",
                    "<!-- j -->",
                    "<![CDATA[k<l]]>",
                ),
                *(
                    "<?xml version='1.0'?>",
                    "<?m n?>",
                    "<!DOCTYPE a>",
                    "<!DOCTYPE a [<!ENTITY i 'o'>]>",
                    "é",
                    "<p:q xmlns:p='r'>",
                    "</p:q>",
                ),
            ),
            ("pom.xml", "*.xml", "*.csproj", "*.config", "*.props"),
            shown=lambda pointer, text: None if set(text) & set("&<\n\t\r") else text,
            ours=lambda values: as_xml(values[0]),
            whole=an_element,
        ),
        Reader(
            "notebook",
            notebooks,
            ("{}", '{"nbformat": 4, "cells": []}', "[", "]", " "),
            ("*.ipynb",),
            ours=as_notebook,
            whole=a_notebook,
            lenient=True,
        ),
        Reader(
            "markdown",
            markdown,
            (
                *(
                    "---\n",
                    "---\n",
                    "a: b\n",
                    "c: [d, 'e']\n",
                    "| f | g |\n",
                    "|---|:-:|\n",
                    "| h \\| i | `j` |\n",
                    "| k |\n",
                    "\n",
                    "\n",
                ),
                *(
                    "# l\n",
                    "```\n",
                    "    m | n\n",
                    "> ",
                    "- ",
                    "o | p\n--- | ---\nq | r | s\n",
                    "<div>\n",
                    "t\n",
                    "\r\n",
                    "|",
                    "é",
                ),
                *("|u|\n|-|\n|v|\n", "| w | w |\n|--|--|\n| x | y |\n", "\\"),
            ),
            ("*.md",),
            ours=as_markdown,
            shown=lambda pointer, text: (
                text if pointer[0] == "tables" and pointer[2] == "rows" and "|" not in text else None
            ),
        ),
        Reader(
            "systemd",
            sections,
            (
                *(
                    "[A]\n",
                    "[B c]\n",
                    "[A]\r\n",
                    "D=e\n",
                    "D=f g\n",
                    "h",
                    "=",
                    " = ",
                    "\n",
                    "\n",
                    " ",
                    "\t",
                    "# i\n",
                    "; j\n",
                ),
                *("K=l # m\n", "N=\n", "o=p=q\n", "[", "]", "\\", "\\\n", "é", "  R = s \n", ":", "%"),
            ),
            ("*.service", "*.socket", "*.timer", "*.target", "*.mount", "*.path", "*.slice", "*.network", "*.link"),
            value=lambda text: f"[S]\nk={text}\n",
            at=("S", "k", 0),
            ours=lambda values: {
                name: {key: given[-1] for key, given in one.items()} for name, one in values[0].items()
            },
            lenient=True,
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
    """The real files of a format below the folders that POLCHECK_FORMATS_CORPUS names, divided by colons.

    Without it, what this machine has: units of systemd, and the files of Python's and JavaScript's packages.
    """
    here = ("/usr/lib/systemd", "/usr/share/doc", sysconfig.get_paths()["purelib"], str(PACKAGES))
    for root in os.environ.get("POLCHECK_FORMATS_CORPUS", ":".join(here)).split(":"):
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
