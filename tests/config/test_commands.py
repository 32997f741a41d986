"""`polcheck init`, `config` and `waive`, and `run` with a configuration, as they are typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from trees import Tree, write
from typed import polcheck

ONE = "packs: [packs/ours]\n"


def test_init_proposes_packs_for_such_a_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it writes can be used at once; other people's folders are left out."""
    write(tmp_path, {"pyproject.toml": "[project]\nname = 'x'\n", "lib/vendor/x/a.py": "import zzz\n"})
    monkeypatch.chdir(tmp_path)
    ran = polcheck("init")
    said = (
        "wrote polcheck.yaml, with\n"
        "  python-project (there is pyproject.toml): 4 findings today (3 errors, 1 warning)\n"
    )
    assert ran.status == 0 and ran.out.startswith(said)
    values = {row["key"]: row["value"] for row in json.loads(polcheck("config", "-f", "json").out)["values"]}
    assert values["packs"] == "python-project" and values["exclude"] == "lib/vendor/**"
    assert polcheck("run", "-q").status == 1
    config_file = tmp_path / "polcheck.yaml"
    assert "    # profile: recommended, or pedantic, or folder, or strict\n" in config_file.read_text()
    config_file.write_text(
        config_file.read_text().replace("# profile: recommended, or pedantic, or folder, or strict", "profile: strict")
    )
    values = {row["key"]: row["value"] for row in json.loads(polcheck("config", "-f", "json").out)["values"]}
    assert values["profiles.python-project"] == "strict"


def test_init_names_the_most_telling_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Path patterns are tried in the order in which the pack has them."""
    write(tmp_path, {"a/b.py": "", "setup.cfg": ""})
    monkeypatch.chdir(tmp_path)
    assert "there is setup.cfg" in polcheck("init").out
    (tmp_path / "setup.cfg").unlink()
    assert "there is a/b.py" in polcheck("init", "--force").out


@pytest.mark.parametrize(
    ("files", "fits"),
    [
        ([*(f"packages/ui/src/{name}.ts" for name in "abcd"), "package.json", "scripts/release.py"], False),
        ([*(f"packages/ui/src/{name}.ts" for name in "abcd"), "pyproject.toml", "scripts/release.py"], True),
        ([*(f"web/{name}.ts" for name in "abc"), "app.py"], True),
        ([*(f"docs/{name}.md" for name in "abcdefg"), *(f"{name}.json" for name in "abcdefg"), "app.py"], True),
    ],
    ids=["a stray script", "a script and a pyproject.toml", "a quarter", "documents and data aren't code"],
)
def test_init_asks_what_the_repository_is_written_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: list[str], fits: bool
) -> None:
    """A pattern such as `**/*.py` needs a fair share of the source files, one that names a file only that file."""
    write(tmp_path, dict.fromkeys(files, ""))
    monkeypatch.chdir(tmp_path)
    ran = polcheck("init")
    assert (ran.status == 0, "python-project" in ran.out) == (fits, fits)


def test_init_proposes_what_a_folder_asks_for_however_much_code_there_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pattern such as `.github/workflows/*.yml` names a place, where one file is enough."""
    write(tmp_path, {".github/workflows/ci.yml": "on: push\njobs: {}\n", **{f"src/{at}.ts": "" for at in range(40)}})
    monkeypatch.chdir(tmp_path)
    ran = polcheck("init")
    assert ran.status == 0 and "github-workflows (there is .github/workflows/ci.yml)" in ran.out


@pytest.mark.parametrize(
    ("files", "entries"),
    [
        (["backend/pyproject.toml", "backend/app.py", "web/a.ts", "web/b.ts"], ["python-project, rooted at backend"]),
        (
            ["a/setup.cfg", "a/x.py", "b/c/pyproject.toml", "b/c/y.py", "package.json"],
            ["python-project, rooted at a", "python-project, rooted at b/c"],
        ),
        (["pyproject.toml", "backend/pyproject.toml", "backend/app.py"], ["python-project"]),
        (["a/pyproject.toml", "a/x.py", "a/b/pyproject.toml", "a/b/y.py"], ["python-project, rooted at a"]),
        (["tests/fixtures/a/pyproject.toml", "tests/fixtures/a/x.py", "app.py"], ["python-project"]),
        (["data/pyproject.toml", "app.py"], ["python-project"]),
    ],
    ids=["one of two", "two", "the root is one", "the topmost", "fixtures aren't", "no code in it"],
)
def test_init_finds_projects_in_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: list[str], entries: list[str]
) -> None:
    """In a repository whose root is no Python project, the folders that are have the pack about them."""
    write(tmp_path, dict.fromkeys(files, ""))
    monkeypatch.chdir(tmp_path)
    assert polcheck("init").status == 0
    rows = json.loads(polcheck("config", "-f", "json").out)["values"]
    assert [row["value"] for row in rows if row["key"] == "packs"] == entries
    assert polcheck("run", "-q").status in (0, 1)


def test_init_overwrites_nothing(tree: Tree) -> None:
    """Neither a polcheck.yaml nor what [tool.polcheck] says; --force does."""
    root = tree({"polcheck.yaml": ONE, "a.py": ""})
    ran = polcheck("init")
    assert ran.status == 2 and "polcheck.yaml is there already: --force overwrites it" in ran.err
    assert polcheck("init", "--force").status == 0 and "python-project" in (root / "polcheck.yaml").read_text()
    (root / "polcheck.yaml").unlink()
    write(root, {"pyproject.toml": "[tool.polcheck]\npacks = []\n"})
    assert polcheck("init").status == 2


def test_init_says_what_to_do_where_no_pack_fits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A repository without Python gets no polcheck.yaml that judges nothing."""
    write(tmp_path, {"a.go": "package a\n"})
    monkeypatch.chdir(tmp_path)
    ran = polcheck("init")
    assert ran.status == 2 and "polcheck new pack" in ran.err and not (tmp_path / "polcheck.yaml").exists()


def test_init_takes_packs(tree: Tree) -> None:
    """They must be there."""
    tree({"a.go": "package a\n"})
    assert polcheck("init", "-p", "./packs/ours").status == 0
    assert polcheck("run", "-q").status in (0, 2)
    ran = polcheck("init", "-p", "./packs/theirs", "--force")
    assert ran.status == 2 and "packs/theirs`" in ran.err


def test_config_says_where_each_value_comes_from(tree: Tree) -> None:
    """An option, a line of the file, a profile, the pack, or the default."""
    text = ONE + "profiles: {ours: strict}\nseverities: {no-print: note}\nexclude: [x/**]\nfail-on: warning\n"
    tree({"polcheck.yaml": text})
    ran = polcheck("config", "--param", "words=c", "--ignore", "C1", "-f", "json")
    data = json.loads(ran.out)
    assert data["file"] == "polcheck.yaml"
    assert [(row["key"], row["value"], row["from"]) for row in data["values"]] == [
        ("packs", "packs/ours", "polcheck.yaml:1"),
        ("profiles.ours", "strict", "polcheck.yaml:2"),
        ("params.ours.most", 5, "profile strict"),
        ("params.ours.words", ["c"], "--param"),
        ("severities.ours:C1", "note", "profile strict"),
        ("severities.no-print", "note", "polcheck.yaml:3"),
        ("ignore", "C1", "--ignore"),
        ("exclude", "x/**", "polcheck.yaml:4"),
        ("fail-on", "warning", "polcheck.yaml:5"),
        ("allow-empty", False, "default"),
        ("baseline", None, "default"),
        ("gitignore", True, "default"),
        ("tracked", False, "default"),
    ]


def test_config_without_a_file_shows_the_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And that there is no file."""
    monkeypatch.chdir(tmp_path)
    ran = polcheck("config", "--isolated")
    assert ran.status == 0 and ran.out.startswith("file: none\n\nfail-on") and "error  default" in ran.out


def test_run_without_packs_names_init(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit 2, and what to do."""
    write(tmp_path, {"a.py": ""})
    monkeypatch.chdir(tmp_path)
    ran = polcheck("run", "--isolated")
    assert ran.status == 2 and "write one with `polcheck init`" in ran.err


def test_run_uses_the_file(tree: Tree) -> None:
    """Its packs, excludes and severities; the command line before it."""
    tree({"polcheck.yaml": ONE + "fail-on: never\n", "a.py": "print(1)\n"})
    assert polcheck("run", "-q") == (0, "a.py:1:1: error[ours:no-print] it prints\n", "")
    assert polcheck("run", "-q", "--fail-on", "error").status == 1
    assert polcheck("run", "-q", "--exclude", "a.py", "--fail-on", "error").status != 1


def test_a_fault_in_the_file_is_shown_with_line_and_caret(tree: Tree) -> None:
    """And what would be right; exit 2."""
    tree({"polcheck.yaml": ONE + "waivers:\n  - {policy: no-prnt, reason: x}\n"})
    ran = polcheck("run")
    assert ran.status == 2
    assert ran.err == (
        "polcheck.yaml:3:14: no pack of the run has a policy `no-prnt`\n"
        "    - {policy: no-prnt, reason: x}\n"
        "               ^\n"
        "help: did you mean `no-print`?\n"
    )


def test_waive_writes_a_waiver(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are named from where the user stands, and written as polcheck.yaml sees them."""
    root = tree({"polcheck.yaml": ONE, "src/{x}.py": "print(1)\n", "src/d/a.py": "print(1)\n", "b.py": "print(1)\n"})
    monkeypatch.chdir(root / "src")
    ran = polcheck("waive", "no-print", "{x}.py", "d", "--reason", "a demo", "--owner", "us", "--expires", "2099-01-31")
    assert (ran.status, ran.err) == (0, "wrote a waiver of no-print into ../polcheck.yaml\n")
    monkeypatch.chdir(root)
    assert (root / "polcheck.yaml").read_text() == ONE + (
        "waivers:\n"
        "  - policy: no-print\n"
        "    files:\n"
        "      - src/\\{x\\}.py\n"
        "      - src/d/**\n"
        "    reason: a demo\n"
        "    owner: us\n"
        '    expires: "2099-01-31"\n'
    )
    assert polcheck("run", "-q") == (1, "b.py:1:1: error[ours:no-print] it prints\n", "")
    assert polcheck("waive", "ours:no-print", "--reason", "all of them").status == 0
    assert polcheck("run", "-q").status == 0


def test_waive_warns_of_a_file_that_is_not_there(tree: Tree) -> None:
    """The waiver is written all the same: the file may come."""
    tree({"polcheck.yaml": ONE, "a.py": "print(1)\n"})
    ran = polcheck("waive", "no-print", "a.py", "b.py", "gone/*.py", "--reason", "x")
    assert (ran.status, ran.err.splitlines()[1:]) == (
        0,
        [
            f"warning: no file that is checked matches `{pattern}`: the waiver accepts nothing yet"
            for pattern in ("b.py", "gone/*.py")
        ],
    )


def test_waive_writes_no_waiver_twice(tree: Tree) -> None:
    """The place of the one that is there is said; one for other files, or that has expired, is another one."""
    root = tree({"polcheck.yaml": ONE, "a.py": "print(1)\n"})
    assert polcheck("waive", "no-print", "a.py", "--reason", "x").status == 0
    before = (root / "polcheck.yaml").read_text()
    for name in ("no-print", "ours:no-print"):
        ran = polcheck("waive", name, "a.py", "--reason", "y")
        assert (ran.status, ran.err.splitlines()[0]) == (
            0,
            f"polcheck.yaml:3 waives {name} there already; nothing was written",
        )
    assert (root / "polcheck.yaml").read_text() == before
    assert polcheck("waive", "no-print", "--reason", "y").status == 0
    assert (root / "polcheck.yaml").read_text() != before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("no-prnt", "--reason", "x"), "the packs have no policy `no-prnt`: did you mean `no-print`?"),
        (("no-print", "--reason", " "), "a waiver needs a reason"),
        (("no-print",), "Missing option '--reason'"),
        (("no-print", "--reason", "x", "--expires", "tomorrow"), "`tomorrow` is not a date"),
        (("no-print", "--reason", "x", "--expires", "2020-01-31"), "`2020-01-31` has passed"),
    ],
)
def test_waive_refuses_what_the_file_could_not_hold(tree: Tree, arguments: tuple[str, ...], said: str) -> None:
    """Nothing is written."""
    root = tree({"polcheck.yaml": ONE})
    ran = polcheck("waive", *arguments)
    assert ran.status == 2 and said in ran.err and (root / "polcheck.yaml").read_text() == ONE
