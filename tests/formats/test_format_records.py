"""A format is one file: what others know of it comes from its record."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from polcheck.base.spans import Source
from polcheck.formats import dialect, format_of, formats, listed_formats, parse_config

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "engine" / "polcheck" / "formats"
HELPERS = {"__init__", "format", "limits", "lines", "placed", "values"}


def test_each_module_is_a_format() -> None:
    """Every module of the package but its helpers has the record of the format of its name."""
    assert {path.stem for path in FOLDER.glob("*.py")} - HELPERS == set(formats())
    assert all(format.name == name for name, format in formats().items())


def test_no_other_module_lists_formats() -> None:
    """Outside its own file (and the rewrites and edits, each of some formats) no module names two on one line."""
    quoted = [f'"{name}"' for name in formats() if name != "json"]
    found = [
        f"{path.relative_to(FOLDER.parent)}:{number}: {line.strip()}"
        for path in sorted(FOLDER.parent.rglob("*.py"))
        if FOLDER not in path.parents and not {"rewrites", "edits"} & set(path.parts)
        if path.relative_to(FOLDER.parent).as_posix() != "project/edit.py"  # edits polcheck.yaml and pyproject.toml
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if sum(name in line for name in quoted) > 1
    ]
    assert not found


def test_the_documentation_names_each_format() -> None:
    """docs/configuration-formats.md has a line for each, with its endings and names; so has the table in README.md."""
    text = (ROOT / "docs" / "configuration-formats.md").read_text()
    lines = {line.split("`")[1]: line for line in reversed(text.splitlines()) if line.startswith("| `")}
    for name, format in formats().items():
        files = [f"`*{suffix}`" for suffix in format.suffixes]
        files += [f"`{file}`" for file in (*format.names, *format.paths, *format.patterns)]
        assert [file for file in files if file not in lines.get(name, "")] == [], name
    readme = (ROOT / "README.md").read_text()
    assert [name for name in formats() if f"`{name}`" not in readme] == []


@pytest.mark.parametrize("name", sorted(formats()))
def test_files_of_a_format_are_known_by_their_names(name: str) -> None:
    """Each suffix, name and end of a path that a record has leads back to it."""
    format = formats()[name]
    for suffix in format.suffixes:
        assert format_of(f"a/b{suffix}") == format_of(f"B{suffix.upper()}") == name
    for whole in format.names:
        assert format_of(whole) == format_of(f"a/{whole}") == name
    for pattern in format.patterns:
        for middle in ("", "x", "a-b.c"):
            path = pattern.replace("*", middle)
            assert (format_of(path), format_of(f"a/{path}")) == (name, name) or middle == ""
        assert format_of(pattern.replace("*", "a/b")) != name or format_of("a/b" + pattern.partition("*")[2]) == name
    for path in format.paths:
        assert format_of(path) == format_of(f"a/{path}") == name
    assert listed_formats().count(f"`{name}`") == 1


@pytest.mark.parametrize("name", sorted(formats()))
def test_an_empty_file_has_an_end(name: str) -> None:
    """Every format reads nothing or refuses it in its own words, and says nothing else."""
    from polcheck.formats.values import Unparsable

    try:
        config = parse_config(Source("x", b""), name)
    except Unparsable as error:
        assert error.reason
    else:
        (value,) = config.values or ({},)
        assert value in ({}, []) or (isinstance(value, dict) and not any(value.values()))


def test_a_parser_is_imported_when_a_file_needs_it() -> None:
    """Looking up names imports the formats' modules and none of the libraries that parse."""
    code = (
        "import sys; from polcheck.formats import format_of; assert format_of('a.yaml') == 'yaml';"
        "print(sorted({'yaml', 'tomli', 'tomllib', 'configparser', 'tree_sitter'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("AWSTemplateFormatVersion: '2010-09-09'\n", "cloudformation"),
        ("# c\n'AWSTemplateFormatVersion': x\n", "cloudformation"),
        ('---\r\n"AWSTemplateFormatVersion": x\n', "cloudformation"),
        (
            "Transform: AWS::Serverless-2016-10-31\nResources:\n  A: {Type: AWS::Serverless::Function}\n",
            "cloudformation",
        ),
        ("'Resources':\n  A:\n    Type: Custom::A\n", "cloudformation"),
        ("Resources:\n  A: {Type: other}\n", "yaml"),
        ("a:\n  Resources:\n    A: {Type: AWS::S3::Bucket}\n", "yaml"),
        ("a: AWSTemplateFormatVersion\n", "yaml"),
        ("a:\n  AWSTemplateFormatVersion: x\n", "yaml"),
    ],
)
def test_a_template_is_recognized_by_its_first_level(text: str, name: str) -> None:
    """A YAML file is a template of CloudFormation where AWSTemplateFormatVersion or resources of AWS begin a line."""
    assert dialect(Source("t.yaml", text.encode()), "yaml").name == name


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("!Ref x", {"Ref": "x"}),
        ("!Condition x", {"Condition": "x"}),
        ("!GetAtt a.b", {"Fn::GetAtt": ["a", "b"]}),
        ("!GetAtt a.Outputs.b", {"Fn::GetAtt": ["a", "Outputs.b"]}),
        ("!GetAtt [a, b]", {"Fn::GetAtt": ["a", "b"]}),
        ("!Sub 'a ${b}'", {"Fn::Sub": "a ${b}"}),
        ("!Sub ['${b}', {b: !Ref c}]", {"Fn::Sub": ["${b}", {"b": {"Ref": "c"}}]}),
        ("!Join [',', [a, !GetAtt b.c]]", {"Fn::Join": [",", ["a", {"Fn::GetAtt": ["b", "c"]}]]}),
        ("!Base64 x", {"Fn::Base64": "x"}),
        ("!GetAZs ''", {"Fn::GetAZs": ""}),
        ("!GetAZs", {"Fn::GetAZs": ""}),
        ("!Ref 8080", {"Ref": "8080"}),
        ("!If [c, 1, !Ref AWS::NoValue]", {"Fn::If": ["c", 1, {"Ref": "AWS::NoValue"}]}),
        ("!other x", {"!other": "x"}),
    ],
)
def test_short_forms_are_long_forms(short: str, long: object) -> None:
    """As the reference of AWS has them; a tag that is none of them stays a key of its own."""
    config = parse_config(Source("t", f"a: {short}\n".encode()), "cloudformation")
    assert config.values == ({"a": long},)
    assert config.locate(0, ("a",)).value == (3, 3 + len(short))
