"""No expression of `re` that could take more than linear time meets text of a project or a pack.

Every module that uses `re` is on the list below with what its expressions meet. Those that meet untrusted text are
tried with texts made to be slow, from the characters that they themselves look for.
"""

from __future__ import annotations

import ast
import importlib
import re
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from types import SimpleNamespace

import pytest

ENGINE = Path(__file__).parents[2] / "engine"
TRIED = "meets untrusted text: "  # what begins so is tried below
ALLOWED = {
    "base/errors.py": "addresses in messages of Python's own",
    "base/log_commands.py": TRIED + "everything that is printed",
    "base/spans.py": TRIED + "the first lines of files, and their line breaks",
    "cli/query.py": "options that the caller typed",
    "cli/streams.py": TRIED + "everything that is printed",
    "findings/alignment.py": TRIED + "messages",
    "findings/fix_text.py": TRIED + "values that fixes fill in",
    "findings/fixes.py": TRIED + "templates of packs",
    "formats/csv.py": TRIED + "fields of CSV",
    "formats/dotenv.py": TRIED + "line breaks of files of variables",
    "formats/hcl.py": TRIED + "names, numbers and strings of HCL",
    "formats/ini.py": TRIED + "lines of INI files",
    "formats/json.py": TRIED + "JSON files",
    "formats/json5.py": TRIED + "JSON5 files",
    "formats/jsonc.py": TRIED + "JSON files with comments",
    "formats/markdown.py": TRIED + "lines of Markdown",
    "formats/properties.py": TRIED + "lines of properties",
    "formats/systemd.py": TRIED + "lines of units",
    "formats/toml.py": TRIED + "TOML files",
    "formats/yaml.py": TRIED + "scalars and lines of YAML files",
    "languages/constants.py": TRIED + "numbers in code",
    "languages/go_constants.py": TRIED + "numbers and import paths in code",
    "languages/javascript_constants.py": TRIED + "numbers in code",
    "languages/python_names.py": TRIED + "names in code",
    "languages/python_tree.py": TRIED + "Python files",
    "languages/rust_macros.py": TRIED + "arguments of macros in Rust",
    "languages/supported/bash.py": TRIED + "strings of bash",
    "languages/supported/javascript.py": TRIED + "strings of JavaScript",
    "languages/supported/python.py": TRIED + "patterns of packs",
    "packs/diff.py": TRIED + "templates and expressions of packs",
    "packs/git.py": TRIED + "what git says of commits",
    "packs/http.py": TRIED + "headers of servers",
    "packs/lock.py": TRIED + "polcheck.lock",
    "packs/sign.py": TRIED + "signatures and keys",
    "packs/sources.py": TRIED + "sources that packs name",
    "policy/fix.py": TRIED + "names and paths in fixes of packs",
    "policy/name_usage.py": TRIED + "templates and expressions of packs",
    "policy/schema.py": TRIED + "names in packs, by the expressions of polcheck's own schemas",
    "policy/templates.py": TRIED + "templates of packs",
    "project/config.py": TRIED + "dates in polcheck.yaml",
    "project/publish.py": TRIED + "names of packs",
    "render/escape.py": TRIED + "everything that is printed",
    "render/suggestions.py": TRIED + "lines of files",
    "scan/prefilter.py": TRIED + "patterns of packs",
    "selectors/jmespath/analysis.py": TRIED + "names in expressions of packs",
    "selectors/jmespath/functions.py": TRIED + "strings of projects and packs",
    "selectors/jmespath/nodes.py": TRIED + "names in expressions of packs",
    "selectors/jmespath/regexes.py": TRIED + "strings of projects and packs",
    "selectors/jmespath/signatures.py": "signatures of polcheck's own functions",
    "selectors/syntax/candidate.py": TRIED + "names in code",
    "selectors/syntax/compile.py": TRIED + "patterns of packs",
    "selectors/syntax/predicates.py": TRIED + "names in policies",
    "selectors/syntax/query.py": TRIED + "queries of packs",
    "selectors/syntax/query_set.py": TRIED + "arguments of macros in Rust",
    "selectors/syntax/query_patterns.py": TRIED + "messages of tree-sitter about queries of packs",
    "selectors/syntax/snippet.py": TRIED + "patterns of packs",
    "selectors/text.py": TRIED + "regular expressions of packs, which RE2 then searches with",
    "sources/bundle.py": TRIED + "paths of bundles",
    "sources/gitignore.py": TRIED + "lines of .gitignore files",
    "sources/path_patterns.py": TRIED + "path patterns",
}
AUTHORING = "authoring/"  # never imported by a run: these read the packs that their authors work on
LENGTH = 3_000
SECONDS = 0.04  # a linear search of so short a text takes a thousandth of that
OWN_TEXT = {"_SIGNATURE": "signatures of functions, which stand in the same file"}
CLOSED_STRINGS = r'"[^"\\]*+(?:\\.[^"\\]*+)*+"'  # of JSON that the decoder has read that far, so that each string ends
SEARCHING = ("search", "sub", "subn", "split", "findall", "finditer")


def uses() -> dict[str, ast.Module]:
    """Every module of the engine that imports `re`, and its syntax."""
    found: dict[str, ast.Module] = {}
    for path in sorted((ENGINE / "polcheck").rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        for node in ast.walk(tree):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if "re" in names or (isinstance(node, ast.ImportFrom) and node.module == "re"):
                found[path.relative_to(ENGINE / "polcheck").as_posix()] = tree
    return found


USES = uses()


def test_every_use_is_known() -> None:
    """A new module that uses `re` says here what its expressions meet; RE2 is for what others write."""
    known = {name for name in USES if not name.startswith(AUTHORING)}
    assert known == set(ALLOWED)


Case = tuple[str, "re.Pattern[str] | re.Pattern[bytes]", tuple[str, ...]]


def expressions() -> Iterator[Case]:
    """The expressions that meet untrusted text, and how they are used: by `search`, `match` or `fullmatch`."""
    for path in sorted((ENGINE.parent / "schemas").glob("*.yaml")):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            for text in re.findall(r"regex: '([^']+)'", line):
                yield f"{path.name}: line {number}", re.compile(text), ("fullmatch",)
    for name, tree in USES.items():
        if not ALLOWED.get(name, "").startswith(TRIED):
            continue
        module = importlib.import_module("polcheck." + name.removesuffix(".py").replace("/", "."))
        attributes = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
        calls = [(node.value.id, node.attr) for node in attributes if isinstance(node.value, ast.Name)]
        seen: set[object] = set()
        for variable, value in vars(module).items():
            if isinstance(value, re.Pattern):
                seen.add(value.pattern)
                if variable not in OWN_TEXT:
                    yield f"{name}: {variable}", value, methods({used for owner, used in calls if owner == variable})
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
                continue
            called, first = node.func, node.args[0]
            text = evaluated(first, vars(module))
            of_re = isinstance(called.value, ast.Name) and called.value.id == "re"
            decoded = isinstance(text, str) and name == "formats/json.py" and CLOSED_STRINGS in text
            if of_re and isinstance(text, str | bytes) and text not in seen and not decoded:
                yield f"{name}: line {node.lineno}", re.compile(text), methods({called.attr})


def evaluated(node: ast.expr, names: Mapping[str, object]) -> object:
    """What an expression is that stands in the code, or is put together there from what the module holds."""
    if isinstance(node, ast.Constant):
        return node.value
    if not isinstance(node, ast.JoinedStr | ast.BinOp):
        return None
    try:
        code = compile(ast.Expression(node), "", "eval")
        return eval(code, {**names, "limits": SimpleNamespace(depth=64)})
    except NameError:
        return None  # NOTE: it is put together from names or patterns of a pack, which are escaped


def methods(used: set[str]) -> tuple[str, ...]:
    """The ways of searching that these methods of an expression come down to; all where nobody can tell."""
    found = {"search" if method in SEARCHING else method for method in used}
    known = found & {"search", "match", "fullmatch"}
    return tuple(sorted(known)) if known and known == found else ("fullmatch", "match", "search")


def characters(expression: re.Pattern[str] | re.Pattern[bytes]) -> list[str]:
    """The characters that an expression looks for: its own, and one of each kind that it takes or refuses."""
    found: dict[str, None] = {}

    def walk(item: object) -> None:
        if isinstance(item, tuple) and len(item) == 2 and item[0] in (codes.LITERAL, codes.NOT_LITERAL):
            found.setdefault(chr(item[1]))
        elif isinstance(item, tuple) and len(item) == 2 and item[0] is codes.RANGE:
            found.setdefault(chr(item[1][0]))
        elif isinstance(item, list | tuple | parser.SubPattern):
            for part in item:
                walk(part)

    walk(parser.parse(expression.pattern, expression.flags & ~re.DEBUG))
    kinds = ("a", "1", " ", "\n", '"', "#!")
    return [*list(found)[:12], *(char for char in kinds if char not in found)]


def texts(expression: re.Pattern[str] | re.Pattern[bytes]) -> Iterator[str | bytes]:
    """Texts made to be slow: characters and pairs of them many times, after something, before what can't match."""
    chars = characters(expression)
    pairs = (one + two for one in chars[:6] for two in chars[:6] if one != two)
    for unit in (*chars, *pairs):
        for beginning in ("", *chars[:4]):
            text = beginning + unit * (LENGTH // len(unit)) + "\0"
            yield text if isinstance(expression.pattern, str) else text.encode("utf-8", "surrogatepass")


def seconds(expression: re.Pattern[str] | re.Pattern[bytes], method: str, text: str | bytes) -> float:
    """How long a search takes."""
    began = time.perf_counter()
    getattr(expression, method)(text)
    return time.perf_counter() - began


@pytest.mark.parametrize("case", list(expressions()), ids=lambda case: case[0])
def test_no_text_makes_an_expression_slow(case: Case) -> None:
    """Used as it is, no expression takes the square of a length."""
    _, expression, used = case
    for text in texts(expression):
        for method in used:
            if seconds(expression, method, text) > SECONDS:
                assert min(seconds(expression, method, text) for _ in range(4)) < SECONDS, (method, text[:8])
