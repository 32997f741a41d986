"""`polcheck mcp`, asked by the client of the official SDK over standard input and output."""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from pack_files import ROOT

mcp = pytest.importorskip("mcp", reason="the extra `mcp` is not installed")


class Answer(NamedTuple):
    """What a tool answered, and whether that is an error."""

    text: str
    failed: bool


Call = Callable[..., Answer]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a copy of the example: an API, a client and a compose file that don't agree, and their policies."""
    return shutil.copytree(ROOT / "examples" / "web-service", tmp_path / "shop")


@pytest.fixture
def call(project: Path) -> Iterator[Call]:
    """Return a function that calls a tool of a server for the project; it stays the same server for a whole test."""
    with asyncio.Runner() as runner:
        parameters = mcp.StdioServerParameters(
            command=sys.executable,
            args=["-m", "polcheck", "mcp", str(project)],
            env={"PYTHONPATH": str(ROOT / "engine")},
            cwd=project,
        )
        requests: asyncio.Queue[tuple[str, dict[str, Any], asyncio.Future[Answer]] | None] = asyncio.Queue()

        async def serve() -> None:
            async with mcp.Client(parameters) as client:
                while (request := await requests.get()) is not None:
                    name, arguments, answer = request
                    result = await client.call_tool(name, arguments)
                    answer.set_result(Answer(result.content[0].text, bool(result.is_error)))

        async def ask(name: str, arguments: dict[str, Any]) -> Answer:
            answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
            await requests.put((name, arguments, answer))
            waiting: list[asyncio.Future[Any]] = [answer, serving]
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            return answer.result()

        async def start() -> asyncio.Task[None]:
            return asyncio.get_running_loop().create_task(serve())

        async def stop() -> None:
            await requests.put(None)
            await serving

        serving = runner.run(start())
        yield lambda name, /, **arguments: runner.run(ask(name, arguments))
        runner.run(stop())


def test_check_says_the_verdict_first_and_then_what_to_fix(call: Call) -> None:
    """Findings come by severity, each with its place, its remedy and what it is about elsewhere."""
    answer = call("check").text.splitlines()
    assert answer[0] == "fail: 3 errors, 1 warning · 10 files checked · 4 policies: 4 failed"
    numbered = [line for line in answer if line[:2] in ("1.", "2.", "3.", "4.")]
    assert [line.split(":")[0] for line in numbered] == [
        "1. api/app.py",
        "2. compose.yaml",
        "3. web/src/client.ts",
        "4. compose.yaml",
    ]
    assert "   remedy: Publish the port that api/Dockerfile exposes" in answer
    assert "   nearest: the closest `port` is `8000` (api/Dockerfile:4:8)" in answer


def test_findings_of_a_file_come_from_the_bottom_to_the_top(call: Call, project: Path) -> None:
    """So that fixing the first leaves the lines of the others where they are."""
    (project / "api" / "more.py").write_text("import os\na = os.environ['A_KEY']\nb = os.environ['B_KEY']\n")
    answer = call("check", files=["api/more.py"]).text
    assert answer.index("api/more.py:3:") < answer.index("api/more.py:2:")


def test_a_change_on_disk_counts_in_the_next_check(call: Call, project: Path) -> None:
    """The server reads what an agent has written meanwhile."""
    assert "ports-agree" in call("check").text
    compose = project / "compose.yaml"
    compose.write_text(compose.read_text().replace("8000:8080", "8000:8000"))
    assert "ports-agree" not in call("check").text


def test_an_edit_is_checked_before_it_is_written(call: Call, project: Path) -> None:
    """`changes` stand in place of files, for one call."""
    edited = (project / "compose.yaml").read_text().replace("8000:8080", "8000:8000")
    assert "ports-agree" not in call("check", changes={"compose.yaml": edited}).text
    assert "ports-agree" in call("check").text


def test_a_bundle_is_checked_without_any_folder(call: Call) -> None:
    """Its texts are the whole project."""
    answer = call("check", bundle={"app.py": "import os\nKEY = os.environ['KEY']\n"}, packs=["policies"]).text
    assert answer.startswith("fail:") and "app.py:2:7: error [web-service:variables-are-set]" in answer


def test_fix_returns_a_diff_and_writes_nothing(call: Call, project: Path) -> None:
    """Of safe fixes, or of all; what is left is told."""
    policy = project / "policies" / "policies" / "prints.yaml"
    policy.write_text(
        "id: no-print\ntitle: No print\nforbid: {files: '**/*.py', pattern: print($what), name: call}\n"
        "message: it prints\nremedy: log it\nfix: {replace: call, with: 'log({{ what }})'}\n"
    )
    module = project / "api" / "more.py"
    module.write_text("print(total)\n")
    assert "fix: to be looked at (`unsafe`), by the tool `fix`" in call("check", select=["no-print"]).text
    assert "1 more finding can be fixed with `unsafe`" in call("fix", select=["no-print"]).text
    answer = call("fix", select=["no-print"], unsafe=True).text
    assert answer.startswith("1 finding fixed by the diff below, tried and not written; after it: pass")
    assert "-print(total)\n+log(total)\n" in answer
    assert module.read_text() == "print(total)\n"


def test_what_is_undecided_is_said_with_a_way_out(call: Call, project: Path) -> None:
    """It is not a pass, and the first line says so."""
    (project / "compose.yaml").write_text("services: [\n")
    answer = call("check").text
    assert answer.startswith("no verdict (undecided)") or answer.startswith("fail")
    assert "Undecided, which is not a pass:\n- compose.yaml: " in answer
    assert "To decide it: " in answer


def test_rule_describes_a_policy(call: Call) -> None:
    """What it asks for, and how to fix what it finds."""
    answer = call("rule", policy="ports-agree").text
    assert answer.startswith("web-service:ports-agree (error): The port that a service publishes")
    assert "remedy:      Publish the port that {{ folder }}/Dockerfile exposes" in answer


def test_explain_shows_the_steps(call: Call) -> None:
    """And ends with the outcome."""
    assert "outcome: fail" in call("explain", policy="ports-agree").text


def test_the_policies_are_listed(call: Call) -> None:
    """Those of the project's polcheck.yaml."""
    assert call("list_policies").text.splitlines()[0].startswith("error    web-service:variables-are-set  ")


def test_a_policy_is_validated_and_its_cases_are_run(call: Call) -> None:
    """Before it is written anywhere."""
    policy = (
        "id: no-print\ntitle: No print\nforbid: {files: '*.py', pattern: print(...)}\nmessage: no\nremedy: drop it\n"
    )
    wrong = call("validate_policy", policy=policy.replace("remedy", "remdy")).text
    assert "policies/draft.yaml:5:1: unknown key `remdy`" in wrong and "did you mean `remedy`?" in wrong
    cases = "case: it prints\nfiles: {a.py: print(1)}\nexpect: {no-print: fail}\n"
    assert call("validate_policy", policy=policy, cases=cases).text == "no problems found\ndraft: 1 passed\n"


def test_a_selector_is_tried(call: Call) -> None:
    """On the whole project or on a file."""
    assert "n = `SMTP_HOST`" in call("query", selector="pattern", expression="os.getenv($n, ...)").text
    ports = call("query", selector="data", expression="services.*.ports[]", path="compose.yaml").text
    assert "value = `8000:8080`" in ports


def test_a_file_is_read_in_the_format_that_its_whole_path_stands_for(call: Call, project: Path) -> None:
    """As in `polcheck query`: a settings.json of an editor has comments."""
    (project / ".vscode").mkdir()
    (project / ".vscode" / "settings.json").write_text('// ours\n{"tabs": 4}\n')
    answer = call("query", selector="data", expression="tabs", path=".vscode/settings.json").text
    assert ".vscode/settings.json:2:10: value = `4`" in answer


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("check", {"path": "/etc"}),
        ("check", {"path": "../outside"}),
        ("check", {"path": "link"}),
        ("check", {"packs": ["../outside"]}),
        ("check", {"changes": {"../outside/a.py": ""}}),
        ("query", {"selector": "text", "expression": "root", "path": "/etc/passwd"}),
        ("validate_policy", {"pack": "/etc"}),
        ("rule", {"policy": "x", "packs": ["git+https://example.com/pack"]}),
    ],
)
def test_nothing_outside_of_the_folder_is_read_and_nothing_is_fetched(
    tool: str, arguments: dict[str, Any], call: Call, project: Path
) -> None:
    """Neither by an absolute path nor by `..`, a link or an address; the error says why."""
    outside = project.parent / "outside"
    (outside / "policies").mkdir(parents=True)
    (outside / "pack.yaml").write_text("name: outside\nversion: 1.0.0\n")
    (project / "link").symlink_to(outside)
    answer = call(tool, **arguments)
    assert answer.failed and answer.text


def test_a_link_of_the_project_that_leads_out_isn_t_followed(call: Call, project: Path) -> None:
    """The file that it leads to is not shown, and what depends on it is undecided."""
    secret = project.parent / "secret.py"
    secret.write_text("import os\nSECRET = os.environ['TOP_SECRET']\n")
    (project / "api" / "linked.py").symlink_to(secret)
    assert "TOP_SECRET" not in call("check").text


@pytest.mark.parametrize(
    ("name", "arguments", "text"),
    [
        ("rule", {}, "`rule` needs `policy`: The policy's id, or pack:id"),
        ("explain", {"polcy": "x"}, "`explain` takes no `polcy`: did you mean `policy`?"),
        ("check", {"file": ["a.py"]}, "`check` takes no `file`: did you mean `files`?"),
        ("check", {"files": "a.py"}, "`files` of `check` has to be a list"),
        ("check", {"files": [1]}, "`files[0]` of `check` has to be a string"),
        ("fix", {"unsafe": []}, "`unsafe` of `fix` has to be true or false"),
        ("chek", {}, "there is no tool `chek`: did you mean `check`?"),
    ],
)
def test_arguments_that_can_t_be_used_are_a_sentence(
    call: Call, name: str, arguments: dict[str, Any], text: str
) -> None:
    """An agent corrects its call by it; what it misspells is never left out of account."""
    assert call(name, **arguments) == Answer(text, failed=True)
