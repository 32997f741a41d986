"""`polcheck migrate`: packs in the newest version of the language, with their comments."""

from __future__ import annotations

import shutil
import textwrap
from pathlib import Path

import pytest
import yaml

from pack_files import ROOT, schemas
from polcheck.authoring.migration import migrate
from polcheck.policy.pack import compile_packs
from polcheck.policy.params import Settings
from polcheck.policy.plan import key_of
from polcheck.policy.versions import LANGUAGE_VERSION
from polcheck.project.packs import read_pack
from typed import polcheck

HEAD = "# a pack\nname: m\nversion: 1.0.0   # the version\nlicence: MIT  # spelled so\nlanguage: 1\n"
PLACE = "join(':', [to_string(line), to_string(column)])"
FLOW = f"""\
# first
id: no-md5
title: No md5 for security
forbid:
  - {{files: "*.py", pattern: "md5(...)", let: {{at: "{PLACE}"}}}}  # here
  - not: {{scope: file, pattern: "md5(..., used=False, ...)", let: {{at: "{PLACE}"}}}}
message: md5
"""
BLOCK = """\
id: timeouts
title: Requests have timeouts   # comment
forbid:
  - files: "*.py"
    pattern: requests.get(...)   # any
    let:
      spot: "[line, column]"
  # not with one
  - not:
      let: {spot: "[line, column]"}  # why
      # the keyword
      pattern: "requests.get(..., timeout=$_, ...)"
      scope: file
message: get
"""
OTHERS = """\
id: other
title: These are no comparisons of one call
forbid:
  any:
    - - {files: "*.py", pattern: "f(...)", let: {at: "[line, column]"}}
      - not: {scope: file, pattern: "g(...)", let: {at: "[line, column]"}}
    - - {files: "*.py", pattern: "f(...)", let: {line_of: "[line, path]"}}
      - not: {scope: file, pattern: "f(..., 1)", let: {line_of: "[line, path]"}}
    - - {files: "*.py", pattern: "f(...)", let: {spot: "[line, column]"}}
      - not: {scope: file, pattern: "f(...)(...)", let: {spot: "[line, column]"}}
message: other
"""


def folder(path: Path, *policies: str) -> Path:
    """A pack of version 1 with these policies."""
    (path / "policies").mkdir(parents=True)
    (path / "pack.yaml").write_text(HEAD, "utf-8")
    (path / "policies" / "p.yaml").write_text("---\n".join(policies), "utf-8")
    return path


def test_a_pack_is_rewritten_with_its_comments(tmp_path: Path) -> None:
    """In flow and in block style; a second time there is nothing to do."""
    pack = folder(tmp_path / "m", FLOW, BLOCK)
    ran = polcheck("migrate", pack)
    assert ran.status == 0 and "pack.yaml:5: language: 1 -> 2" in ran.out and "p.yaml:5: " in ran.out
    head, text = ((pack / name).read_text("utf-8") for name in ("pack.yaml", "policies/p.yaml"))
    assert yaml.safe_load(head) == {"name": "m", "version": "1.0.0", "license": "MIT", "language": 2}
    one, two = yaml.safe_load_all(text)
    assert one["forbid"] == [
        {"files": "*.py", "pattern": "md5(...)"},
        {"not": {"is": {"pattern": "md5(..., used=False, ...)"}}},
    ]
    assert two["forbid"][1] == {"not": {"is": {"pattern": "requests.get(..., timeout=$_, ...)"}}}
    comments = ("# first", "# here", "# comment", "# any", "# not with one", "# why", "# the keyword")
    assert all(comment in text for comment in comments) and "# spelled so" in head and "# the version" in head
    assert polcheck("validate", pack).status == 0
    assert "nothing to migrate" in polcheck("migrate", pack).out


def test_check_changes_nothing(tmp_path: Path) -> None:
    """It tells what would change, by its status, too."""
    pack = folder(tmp_path / "m", FLOW)
    assert polcheck("migrate", pack, "--check").status == 1
    assert (pack / "pack.yaml").read_text("utf-8") == HEAD
    assert (pack / "policies" / "p.yaml").read_text("utf-8") == FLOW


def test_what_means_something_else_is_left_alone(tmp_path: Path) -> None:
    """Calls of other names, other names computed, and calls of what a call gives."""
    (head,) = migrate(read_pack(folder(tmp_path / "m", OTHERS)))
    assert head.path == "pack.yaml"


def test_what_the_layout_forbids_is_said(tmp_path: Path) -> None:
    """A comment within what would go away: it isn't lost, and the line is shown."""
    inside = FLOW.replace("{scope: file, pattern", "{scope: file,  # only here\n         pattern")
    pack = folder(tmp_path / "m", inside)
    ran = polcheck("migrate", pack)
    assert ran.status == 1 and "p.yaml:6: change by hand: a comparison of line and column" in ran.out
    assert (pack / "policies" / "p.yaml").read_text("utf-8") == inside
    assert polcheck("migrate", tmp_path).status == 2


@pytest.mark.parametrize("name", ["policies/python-project", "policies/airas-base-code", "examples/shared-pack/base"])
def test_a_pack_that_ships_means_the_same_after_it(name: str, tmp_path: Path) -> None:
    """Every policy compiles to the same steps."""
    pack = tmp_path / "pack"
    shutil.copytree(ROOT / name, pack)
    before = compile_packs([read_pack(pack)], Settings(), schemas()).policies
    for migration in migrate(read_pack(pack)):
        assert not migration.by_hand
        (pack / migration.path).write_text(migration.text, "utf-8")
    after = compile_packs([read_pack(pack)], Settings(), schemas()).policies
    assert [(p.id, key_of(p.demand)) for p in before] == [(p.id, key_of(p.demand)) for p in after]
    assert yaml.safe_load((pack / "pack.yaml").read_text("utf-8"))["language"] == LANGUAGE_VERSION


def test_a_pack_stays_of_version_1_while_something_would_mean_something_else(tmp_path: Path) -> None:
    """`group` beside `per` is a name of the row in version 1, and the list of rows in version 2."""
    grouped = """\
    id: grouped
    title: Groups are few
    for: {files: a.yaml, data: "[].{group: group, app: app}", per: app, where: "group == 'x'"}
    require: {files: "*.md"}
    message: "{{ app }}"
    """
    pack = folder(tmp_path / "m", textwrap.dedent(grouped))
    ran = polcheck("migrate", pack)
    assert ran.status == 1 and "p.yaml:3: change by hand: beside `per`, `group` is the list of rows" in ran.out
    assert yaml.safe_load((pack / "pack.yaml").read_text("utf-8"))["language"] == 1
