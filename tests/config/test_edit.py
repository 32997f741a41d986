"""Adding to a configuration as text."""

from __future__ import annotations

import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pack_files import ROOT
from polcheck.base.errors import ConfigError
from polcheck.base.spans import Source
from polcheck.formats.values import Json
from polcheck.project.config import read
from polcheck.project.edit import with_key, with_waiver
from polcheck.project.model import ConfigFile

SCHEMA = (ROOT / "schemas" / "config.yaml").read_text("utf-8")
WAIVER: dict[str, Json] = {
    "policy": "no-print",
    "files": ["src/a b.py", "t/{x}.py"],
    "reason": "it's: a demo",
    "expires": "2027-01-31",
}


def config_file(text: str, path: str = "polcheck.yaml") -> ConfigFile:
    found = read(Source(path, text.encode("utf-8")), "/", SCHEMA)
    assert found is not None
    return found


LAYOUTS = {
    "no list yet": ("packs: [x]  # mine\n", "packs: [x]  # mine\nwaivers:\n  - policy: no-print\n"),
    "no last line break": ("packs: [x]", "packs: [x]\nwaivers:\n  - policy: no-print\n"),
    "a block list in the middle": (
        "waivers:\n- policy: a\n  reason: b  # why\n\n# the packs\npacks: [x]\n",
        "waivers:\n- policy: a\n  reason: b  # why\n- policy: no-print\n",
    ),
    "a block list of flow mappings": (
        "packs: [x]\nwaivers:\n    - {policy: a, reason: b}  # why\nfail-on: note\n",
        "    - {policy: a, reason: b}  # why\n    - policy: no-print\n",
    ),
    "an empty flow list": ("packs: [x]\nwaivers: []\n", "waivers:\n  - policy: no-print\n"),
    "a flow list": (
        "waivers: [{policy: a, reason: b}]  # c\n",
        "waivers: [{policy: a, reason: b}, {policy: no-print, ",
    ),
    "a flow list over lines": (
        "waivers: [\n  {policy: a, reason: b},\n]\n",
        "waivers: [\n  {policy: a, reason: b},\n  {policy: no-print, ",
    ),
    "a reason over lines": (
        "waivers:\n  - policy: a\n    reason: >-\n      one\n      two\npacks: [x]\n",
        "      one\n      two\n  - policy: no-print\n",
    ),
}  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_waiver_is_added_and_the_rest_stays(layout: str) -> None:
    """In the layout that is there, after the last one; every other line is as it was."""
    before, expected = LAYOUTS[layout]
    after = with_waiver(config_file(before), WAIVER)
    assert expected in after
    last = config_file(after).waivers[-1]
    assert last.files is not None
    assert (last.policy, list(last.files.texts), last.reason, last.expires) == (*WAIVER.values(),)
    rest = iter(after)
    assert all(char in rest for char in before.replace("[]", "")), "nothing is taken away"


def test_a_waiver_is_added_to_pyproject() -> None:
    """As a table of its own behind polcheck's."""
    before = "[tool.polcheck]\npacks = ['x']\n\n[tool.other]\na = 1\n"
    after = with_waiver(config_file(before, "pyproject.toml"), WAIVER)
    assert after.startswith("[tool.polcheck]\npacks = ['x']\n\n[[tool.polcheck.waivers]]\n")
    assert after.endswith("\n\n[tool.other]\na = 1\n")
    assert config_file(after, "pyproject.toml").waivers[0].reason == "it's: a demo"


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("{packs: [x]}\n", "polcheck.yaml"),
        ("packs: [x]\n...\n", "polcheck.yaml"),
        ("[tool.polcheck]\nwaivers = [{policy = 'a', reason = 'b'}]\n", "pyproject.toml"),
        ("[tool]\npolcheck = {packs = ['x']}\n", "pyproject.toml"),
        ("tool.polcheck.packs = ['x']\n", "pyproject.toml"),
    ],
)
def test_a_waiver_is_added_in_odd_layouts(text: str, path: str) -> None:
    """In braces, before the end of a document, in inline tables, under dotted keys."""
    assert config_file(with_waiver(config_file(text, path), WAIVER), path).waivers[-1].policy == "no-print"


def test_a_file_that_cannot_be_added_to_is_left_alone() -> None:
    """The error says why, and what to add by hand."""
    found = read(Source("polcheck.yaml", "packs: [x]\n".encode("utf-16")), "/", SCHEMA)
    assert found is not None
    with pytest.raises(ConfigError, match=r"UTF-8: only .*\nhelp: add by hand:\n  - policy: \"no-print\""):
        with_waiver(found, WAIVER)


def test_a_key_is_added() -> None:
    """At the end of polcheck.yaml, and right below the table's head in pyproject.toml."""
    assert with_key(config_file("packs: [x]\n"), "baseline", "b.json") == "packs: [x]\nbaseline: b.json\n"
    before = textwrap.dedent("""\
        [tool.polcheck]
        packs = ["x"]
        [[tool.polcheck.waivers]]
        policy = "a"
        reason = "b"
        """)
    after = with_key(config_file(before, "pyproject.toml"), "baseline", "b.json")
    assert config_file(after, "pyproject.toml").baseline == "b.json"


@given(
    st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1)
    .map(str.strip)
    .filter(bool)
)
def test_any_reason_comes_back(reason: str) -> None:
    """Whatever it holds, the file afterwards says exactly that."""
    for text in ("packs: [x]\n", "waivers: [{policy: a, reason: b}]\n"):
        assert (
            config_file(with_waiver(config_file(text), {"policy": "a", "reason": reason})).waivers[-1].reason == reason
        )
    toml = with_waiver(config_file("[tool.polcheck]\n", "pyproject.toml"), {"policy": "a", "reason": reason})
    assert config_file(toml, "pyproject.toml").waivers[-1].reason == reason
