"""polcheck.yaml and [tool.polcheck]: their shape, and where a fault in them points."""

from __future__ import annotations

import re
import textwrap

import pytest
import yaml

from pack_files import ROOT
from polcheck.base.errors import ConfigError
from polcheck.base.spans import Source
from polcheck.project.config import read
from polcheck.project.model import ConfigFile

SCHEMA = (ROOT / "schemas" / "config.yaml").read_text("utf-8")


def config_file(text: str, path: str = "polcheck.yaml") -> ConfigFile:
    found = read(Source(path, textwrap.dedent(text).encode()), "/project", SCHEMA)
    assert found is not None
    return found


def faults(text: str, path: str = "polcheck.yaml") -> list[str]:
    with pytest.raises(ConfigError) as caught:
        config_file(text, path)
    return [f"{p.line}:{p.column} {p.message}" for p in caught.value.problems]


FULL = """
    packs: [python-project, {source: ./ours, params: {a: 1}, profile: strict, select: [x], ignore: y}]
    params: {python-project: {minimum_python: "3.11"}}
    profiles: {python-project: pedantic}
    severities: {"python-project:PY007": note}
    exclude: [vendor/**]
    overrides:
      - {files: tests/**, ignore: [PY005], severities: {PY001: note}}
    waivers:
      - {policy: no-real-model, files: src/model.py, reason: it is needed, owner: platform, expires: 2027-01-31}
    fail-on: warning
    baseline: polcheck-baseline.json
    tracked: true
    gitignore: false
"""


def test_every_key_is_read() -> None:
    """What stands in the file stands in the dataclasses, key for key."""
    found = config_file(FULL)
    assert [pack.source for pack in found.packs] == ["python-project", "./ours"]
    ours = found.packs[1]
    assert (ours.params, ours.profile, ours.select, ours.ignore) == ({"a": 1}, "strict", ("x",), ("y",))
    assert found.params == {"python-project": {"minimum_python": "3.11"}}
    assert (found.fail_on, found.baseline, found.tracked, found.gitignore) == (
        "warning",
        "polcheck-baseline.json",
        True,
        False,
    )
    (override,), (waiver,) = found.overrides, found.waivers
    assert override.files.match("tests/a/b.py") and not override.files.match("src/a.py")
    assert (waiver.policy, waiver.owner, waiver.expires) == ("no-real-model", "platform", "2027-01-31")
    assert found.where(waiver.at) == "polcheck.yaml:10"


def test_a_table_in_pyproject_says_the_same() -> None:
    """[tool.polcheck] has the keys of polcheck.yaml, a TOML date is one, and places are those of pyproject.toml."""
    found = config_file(
        """
        [project]
        name = "x"
        [tool.polcheck]
        packs = ["python-project"]
        fail-on = "note"
        [[tool.polcheck.waivers]]
        policy = "PY007"
        reason = "there is make"
        expires = 2027-01-31
        """,
        "pyproject.toml",
    )
    assert found.fail_on == "note" and found.waivers[0].expires == "2027-01-31"
    assert found.where(("fail-on",)) == "pyproject.toml:6"


def test_a_pyproject_without_the_table_is_no_configuration() -> None:
    """Most pyproject.toml say nothing of polcheck."""
    assert read(Source("pyproject.toml", b"[project]\nname = 'x'\n"), "/", SCHEMA) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("pack: [x]\n", ["1:1 unknown key `pack`"]),
        ("packs: x\n", ["1:1 `packs` must be a list, not a string"]),
        ("packs: [1]\n", ["1:9 `0`: expected a string or a mapping, not a number"]),
        ("- x\n", ["1:1 a config is a mapping, not a list"]),
        ("tracked: 1\nfail-on: errors\n", ["1:1 `tracked` must be true or false, not a number",
                                          "2:1 `fail-on` can't be `errors`"]),
        ("waivers:\n  - {policy: a, files: b}\n", ["2:5 `reason` is missing"]),
        ("waivers:\n  - {policy: a, reason: ' '}\n", ["2:26 a waiver needs a reason"]),
        ("waivers:\n  - {policy: a, reason: b, expires: 2027-02-30}\n", ["2:37 `2027-02-30` is not a date"]),
        ("waivers:\n  - {policy: a, reason: b, expires: 20270130}\n",
         ["2:28 `expires` must be a string, not a number"]),
        ("exclude: ['/x', a]\n", ["1:12 the path pattern `/x` can't be used: a path pattern starts at the "
                                  "project's root, without `/`"]),
        ("baseline: ../b.json\n", ["1:11 the baseline `../b.json` is not below the configuration"]),
        ("overrides:\n  - files: a\n", ["2:5 the override changes nothing"]),
        ("packs: [x\n", ["2:1 not YAML: did not find expected `,` or `]` while parsing a flow sequence"]),
        ("packs: [x]\npacks: [y]\n", ["2:1 the key `packs` is repeated"]),
        ("packs: [x]\n---\npacks: [y]\n", ["3:1 there is more than one YAML document"]),
        ("", ["0:0 it is empty"]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_place(text: str, expected: list[str]) -> None:
    """A file that can't be used is answered with each fault and where it is."""
    assert faults(text) == expected


def test_toml_that_is_none_is_named_with_its_place() -> None:
    """A broken pyproject.toml is an error as soon as it speaks of polcheck."""
    assert faults("[tool.polcheck]\npacks = [\n", "pyproject.toml")[0].startswith("3:1 not TOML: ")


def test_a_fault_in_pyproject_points_into_it() -> None:
    """The place of a fault in [tool.polcheck] is its own line."""
    assert faults('[project]\nname = "x"\n[tool.polcheck]\nparks = 1\n', "pyproject.toml") == [
        "4:1 unknown key `parks`"
    ]


@pytest.mark.parametrize("page", ["config.md", "waivers.md"])
def test_what_the_documentation_shows_can_be_used(page: str) -> None:
    """Each YAML block is a polcheck.yaml, or some keys of one."""
    blocks = re.findall(r"(?ms)^```yaml\n(.*?)^```", (ROOT / "docs" / page).read_text("utf-8"))
    assert blocks
    for block in blocks:
        assert config_file(block).path == "polcheck.yaml"


def test_the_documentation_shows_every_key() -> None:
    """docs/config.md names each key of the schema."""
    schema = yaml.safe_load(SCHEMA)
    text = (ROOT / "docs" / "config.md").read_text("utf-8")
    assert [key for key in schema["config"] if f"{key}:" not in text] == []
