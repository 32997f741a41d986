"""What packs and submissions say reaches no terminal, log, page or program as anything but text."""

from __future__ import annotations

import io
import json
import os
import re
import sys
import unicodedata
import zipfile
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polcheck.cli.streams import Output
from polcheck.render.escape import json_text, terminal
from trees import write
from typed import Ran, polcheck

EVIL = (
    "\x1b[31mred\x1b]8;;http://evil.example\x1b\\click \x9b2J\x9d0;owned\x9c \x85 \x7f\x08 \u202egpj\u2066 \u061c\u200e"
    "\ufeff\u2028\u2029\U000e0041 %0A::set-output name=x::y ##[stop-commands]x <script>alert(1)</script>"
    "<img src=x onerror=alert(1)> [l](javascript:alert(1)) ![i](http://evil.example/i.png) <http://evil.example> "
    "www.evil.example @team o/r#1 ]]> <!-- --> | $x$ \ufffe\uffff"
)
LINES = f"{EVIL}\n::error file=x::{EVIL}\n  ::warning::y\n##[error]z\r::notice::w"
NAMES = [
    "::error::top.py",
    "##[error]x.py",
    "a\n::error::b.py",
    "\x1b]8;;evil\x07.py",
    "\x9b31m\u202e.py",
    "<img src=x onerror=alert(1)>.py",
    "`@team` [l](x) #1.py",
    "%0A::x,file=y:.py",
    os.fsdecode(b"\xff\x9b.py"),
]


def _yaml(text: str) -> str:
    """A text as YAML, every character of it by its number."""
    return '"' + "".join(f"\\U{ord(char):08x}" if not char.isalnum() else char for char in text) + '"'


def _policies() -> str:
    said = _yaml(LINES)
    parts = [
        f"id: evals\ntitle: {_yaml(EVIL)}\nrequirement: R1\nmessage: {said}\nremedy: {said}\ndescription: {said}\n"
        'forbid: {files: "**/*.py", pattern: eval($x)}\n',
        f"id: told\ntitle: {_yaml(EVIL)}\nrequirement: R2\nseverity: warning\nremedy: {said}\n"
        'message: "{{ path }} {{ x }}"\nfor: {files: "**/*.py", pattern: eval($x)}\nrequire: {values: tables.words}\n',
        f'id: open\ntitle: {_yaml(EVIL)}\nmessage: m\nforbid: {{files: "*.yaml", data: a}}\n',
    ]
    return "---\n".join(parts)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose pack and files attack whoever reads of them."""
    root = tmp_path_factory.mktemp("evil")
    said = _yaml(LINES)
    pack = (
        f"name: evil\nversion: 1.0.0\ndescription: {said}\nlicense: {_yaml(EVIL)}\n"
        f"params: {{p: {{type: string, default: {said}, description: {said}}}}}\n"
        f"requirements: {{R1: {_yaml(EVIL)}, R2: {{title: {said}, decided_by: review, because: {said}}}}}\n"
        "verdict: {text: {template: t.txt}}\n"
    )
    case = f"case: {said}\nfiles: {{a.py: 'eval(1)'}}\nexpect: {{evals: pass, told: pass}}\n"
    write(
        root,
        {
            "pack/pack.yaml": pack,
            "pack/policies/p.yaml": _policies(),
            "pack/tables/words.yaml": f"[{{x: {said}}}]\n",
            "pack/templates/t.txt": "{{ params.p }}{% for one in findings %}{{ one.message }}{% endfor %}\n",
            "pack/tests/t.yaml": case,
            "bad/pack.yaml": f"name: bad\nversion: 1.0.0\n{said}: 1\n",
            "bad/policies/p.yaml": f"id: {said}\ntitle: {said}\nforbid: {{files: {said}, data: {said}}}\nmessage: x\n",
            "work/polcheck.yaml": f"packs: [../pack]\nexclude: [{said}]\n"
            f"waivers: [{{policy: told, files: '<img*', reason: {said}, owner: {said}}}]\n",
        },
    )
    (root / "work" / "sub").mkdir()
    for name in NAMES:
        (root / "work" / "sub" / name).write_text(f"eval('''{EVIL}''')\n::error::{EVIL}\n", "utf-8")
    (root / "work" / "::error::top.py").write_text("eval(1)\n")
    (root / "work" / "bad\x1b[2J.yaml").write_text("a: [\x1b\n::error::x: {\n")
    with zipfile.ZipFile(root / "up.zip", "w") as archive:
        archive.writestr("../\x1b[31m\n::error::x##[error]", "x")
    (root / "bundle.json").write_text(json.dumps({f"../{LINES}": "x"}))
    (root / "report.json").write_text(json.dumps({"version": LINES}))
    return root


@pytest.fixture
def typed_in(root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The working directory of the commands."""
    monkeypatch.setenv("POLCHECK_CACHE", str(tmp_path))
    monkeypatch.chdir(root / "work")
    return root


def _harmless(text: str, *, json_: bool = False, commands: bool = False) -> None:
    """Nothing in it controls a terminal, and no line of it is a workflow command that polcheck didn't write."""
    plain = re.sub(r"\x1b\[(?:[0-4]|3[0-7]|9[0-7]|;)*m", "", text)
    bad = {char for char in plain if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp")} - set("\n\t")
    assert not bad
    text.encode()
    for line in text.split("\n"):
        started = line.lstrip().startswith("::")
        assert not started or (commands and re.match(r"::(error|warning|notice) (file|title)=[^:]*::", line)), line
        assert json_ or started or "##[" not in line, line


TEXT = ["run", "--isolated", "-p", "../pack"]
COMMANDS: dict[str, Sequence[str]] = {
    "run": TEXT,
    "run -q": [*TEXT, "-q"],
    "run -v": [*TEXT, "-v", "--all", "--color", "always"],
    "run with waivers": ["run", "-v"],
    "explain": ["explain", "evals", "-p", "../pack", "--isolated", "--all", "--color", "always"],
    "explain a join": ["explain", "told", "-p", "../pack", "--isolated"],
    "query": ["query", "--pattern", "eval($x)", ".", "-v", "--color", "always", "--all"],
    "query for text": ["query", "--text", "(?P<x>.+)", ".", "--all"],
    "parse": ["parse", f"sub/{NAMES[0]}"],
    "parse data": ["parse", "polcheck.yaml"],
    "validate": ["validate", "../pack", "--color", "always"],
    "validate what is bad": ["validate", "../bad"],
    "run what is bad": ["run", "-p", "../bad"],
    "test": ["test", "../pack", "-v"],
    "config": ["config"],
    "docs": ["docs", "../pack"],
    "pack list": ["pack", "list"],
    "pack show": ["pack", "show", "../pack"],
    "an archive that leaves": ["run", "-p", "../pack", "../up.zip"],
    "a bundle that leaves": ["run", "-p", "../pack", "../bundle.json"],
    "no report": ["render", "../report.json"],
    "no policy": ["explain", LINES, "-p", "../pack"],
    "no pack": ["run", "-p", LINES],
    "no file": ["run", LINES],
    "no option": [f"--{LINES}"],
}
JSON: dict[str, Sequence[str]] = {
    "explain": ["explain", "evals", "-p", "../pack", "-f", "json"],
    "query": ["query", "--pattern", "eval($x)", ".", "-f", "json"],
    "parse": ["parse", f"sub/{NAMES[0]}", "-f", "json"],
    "validate": ["validate", "../bad", "-f", "json"],
    "config": ["config", "-f", "json"],
    "pack list": ["pack", "list", "-f", "json"],
    "pack show": ["pack", "show", "../pack", "-f", "json"],
    "test": ["test", "../pack", "-f", "json"],
    **{name: [*TEXT, "-f", name] for name in ("json", "sarif", "gitlab", "verdict")},
}


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_what_people_read(typed_in: Path, name: str) -> None:
    """On a terminal or in a log nothing but text is seen, of what is said and of what is wrong."""
    ran = polcheck(*COMMANDS[name])
    _harmless(ran.out)
    _harmless(ran.err)
    assert "fault in polcheck" not in ran.err
    assert ran.out or ran.err


@pytest.mark.parametrize("name", sorted(JSON))
def test_what_programs_read(typed_in: Path, name: str) -> None:
    """JSON says the same to a program, and nothing to the terminal that it is looked at with."""
    ran = polcheck(*JSON[name])
    _harmless(ran.err)
    if name == "verdict":
        assert (ran.out, ran.status) == ("", 1) or json.loads(ran.out)
    _harmless(ran.out, json_=True)
    json.loads(ran.out)


def _run(form: str) -> Ran:
    ran = polcheck(*TEXT, "-f", form)
    assert ran.status == 1, ran.err
    _harmless(ran.err)
    return ran


def test_json_says_what_was_said(typed_in: Path) -> None:
    """Whatever is spelled out in JSON is the character itself to whoever parses it."""
    report = json.loads(_run("json").out)
    message = next(one["message"] for one in report["findings"] if one["policy"] == "evals")
    assert message == LINES.replace("\r\n", "\n").strip()
    assert {one["path"].removeprefix("sub/") for one in report["findings"]} == {*NAMES}


def test_workflow_commands(typed_in: Path) -> None:
    """Every line that is a command is one of polcheck's, one a finding, undecided policy and notice."""
    out = _run("github").out
    _harmless(out, commands=True)
    report = json.loads(_run("json").out)
    undecided = [one for one in report["policies"] if one["outcome"] == "undecided"]
    commands = [line for line in out.split("\n") if line.startswith("::")]
    assert len(commands) == len(report["findings"]) + len(undecided) + len(report["notices"])


def test_junit(typed_in: Path) -> None:
    """It is well-formed, and holds the elements that it has without hostile texts."""
    out = _run("junit").out
    _harmless(out)
    tags = {element.tag for element in ElementTree.fromstring(out).iter()}
    assert tags <= {"testsuites", "testsuite", "properties", "property", "testcase", "failure", "error", "system-out"}


class _Page(HTMLParser):
    """What a page would do."""

    def __init__(self) -> None:
        super().__init__()
        self.scripts = 0
        self.bad: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.scripts += tag == "script"
        for name, value in attributes:
            remote = name in ("src", "href", "action", "formaction", "data") and not (value or "").startswith("#")
            if name.startswith("on") or remote or tag in ("img", "iframe", "object", "embed", "base", "link"):
                self.bad.append(f"<{tag} {name}={value}>")


def test_html(typed_in: Path) -> None:
    """The page loads nothing, and runs its own script alone."""
    out = _run("html").out
    page = _Page()
    page.feed(out)
    assert (page.scripts, page.bad) == (1, [])
    assert not {char for char in out if unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp")} - set("\n\t")


def test_markdown(typed_in: Path) -> None:
    """No link, image or tag of a stranger's, no mention, and no heading or list that isn't polcheck's."""
    from markdown_it import MarkdownIt

    out = _run("markdown").out
    assert not {char for char in out if unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp")} - set("\n\t")
    kinds: set[str] = set()
    tags: set[str] = set()
    said: list[str] = []
    for token in MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(out):
        for part in (token, *(token.children or ())):
            kinds.add(part.type)
            if part.type in ("html_block", "html_inline"):
                tags |= {tag.lower() for tag in re.findall(r"<\s*/?\s*([a-zA-Z!]+)", part.content)}
            elif part.type == "text":
                said.append(part.content)
    assert not kinds & {"link_open", "image", "s_open", "em_open"}
    assert tags <= {"details", "summary", "b", "!"}
    assert not [text for text in said if re.search(r"@\w|\w#\d|^#\d|://|www\.", text)]


@given(st.text())
def test_a_stream_passes_no_control(text: str) -> None:
    """Whatever is written to a stream, what comes out of it controls nothing."""
    under = io.StringIO()
    Output(under, log=True).write(text)
    _harmless(under.getvalue())


@given(st.text())
def test_json_text_is_the_same_value(text: str) -> None:
    """Escaping what JSON leaves as it is changes no value."""
    spelled = json_text(json.dumps(text, ensure_ascii=False))
    assert json.loads(spelled) == text
    _harmless(spelled, json_=True, commands=True)


@given(st.text())
def test_a_text_for_a_terminal_is_one_line(text: str) -> None:
    """No text begins another line, or an old workflow command anywhere in one."""
    spelled = terminal(text)
    assert "\n" not in spelled
    assert "##[" not in spelled


def test_the_streams_are_given_back(typed_in: Path) -> None:
    """A command that is called from Python leaves its caller's streams as they were."""
    before = sys.stdout, sys.stderr, sys.stdin
    polcheck("--version")
    assert (sys.stdout, sys.stderr, sys.stdin) == before
