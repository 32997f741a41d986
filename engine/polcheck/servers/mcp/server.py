"""The Model Context Protocol (modelcontextprotocol.io) over standard input and output, by the official SDK."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import CallToolResult, InputRequiredResult, ToolAnnotations
from pydantic import Field, ValidationError

from polcheck.base.errors import PolcheckError, PolicyError
from polcheck.base.similar_names import did_you_mean, one_of
from polcheck.base.version import VERSION
from polcheck.servers.folders import confine_to
from polcheck.servers.mcp.answers import problems_text
from polcheck.servers.mcp.tools import Tools

_INSTRUCTIONS = """\
polcheck checks code and configuration against policies, and whether the two agree. Call `check` after each edit and
before you say that you are done: a first line that begins with `pass` is the goal. Work through its findings from the
top to the bottom, or take the diff of `fix`. `rule` says what a policy asks for, `explain` why it has its outcome.
Something undecided is not a pass: a file couldn't be read or parsed. Don't waive a finding, and don't change a policy,
unless you were asked to."""

PathOf = Annotated[str, Field(description="The project's folder; a relative path begins at the server's folder")]
Packs = Annotated[
    list[str] | None,
    Field(description="Packs by name or folder; by default those of the project's polcheck.yaml"),
]
Policy = Annotated[str, Field(description="The policy's id, or pack:id")]


_TYPES = {
    "string_type": "a string",
    "list_type": "a list",
    "dict_type": "an object",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
}


class PlainServer(MCPServer):
    """A server that says in a sentence what is wrong with the arguments of a call, and takes none that it lacks."""

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[Any, Any] | None = None
    ) -> CallToolResult | InputRequiredResult:
        """Call a tool. Raises ToolError where there is none, or its arguments can't be used, and as the SDK does."""
        tools = {tool.name: tool for tool in await self.list_tools()}
        if name not in tools:
            raise ToolError(f"there is no tool `{name}`: {did_you_mean(name, tools, one_of(tools))}")
        known = tools[name].input_schema.get("properties", {})
        for argument in arguments:
            if argument not in known:
                raise ToolError(f"`{name}` takes no `{argument}`: {did_you_mean(argument, known, one_of(known))}")
        try:
            return await super().call_tool(name, arguments, context)
        except ToolError as error:
            if isinstance(error.__cause__, ValidationError):
                raise ToolError(_sentences(name, known, error.__cause__)) from error
            raise


def _sentences(name: str, known: Mapping[str, Any], fault: ValidationError) -> str:
    """Return what is wrong with the arguments of a tool, a line each."""
    lines: dict[str, None] = {}
    for error in fault.errors(include_url=False, include_context=False):
        argument, *inner = error["loc"] or ("",)
        where = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in inner)
        if error["type"] == "missing":
            description = known.get(str(argument), {}).get("description", "")
            lines[f"`{name}` needs `{argument}`{f': {description}' if description else ''}"] = None
        elif error["type"] in _TYPES:
            lines[f"`{argument}{where}` of `{name}` has to be {_TYPES[error['type']]}"] = None
        else:
            lines[f"`{argument}{where}` of `{name}` can't be used: {error['msg'].lower()}"] = None
    return "\n".join(lines)


def server_of(folders: Sequence[Path]) -> MCPServer:
    """Return a server whose tools work in these folders."""
    tools = Tools(folders)
    server = PlainServer("polcheck", instructions=_INSTRUCTIONS, version=VERSION, log_level="WARNING")
    reads = ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False)
    tool = functools.partial(server.tool, annotations=reads, structured_output=False)

    @tool()
    def check(
        path: PathOf = ".",
        files: Annotated[
            list[str] | None, Field(description="Report only what is in these files (paths from the project's folder)")
        ] = None,
        changes: Annotated[
            dict[str, str | None] | None,
            Field(description="Contents by path to check in place of what is on disk, null for a file that is gone"),
        ] = None,
        bundle: Annotated[
            dict[str, str] | None,
            Field(description="Contents by path that are the whole project, instead of a folder; needs `packs`"),
        ] = None,
        packs: Packs = None,
        select: Annotated[list[str] | None, Field(description="Only these policies, requirements or tags")] = None,
        fail_on: Annotated[str | None, Field(description="error, warning, note or never")] = None,
    ) -> str:
        """Check a project against its policies: the verdict, then findings in the order in which to fix them.

        Unsaved edits can be checked before they are written, by `changes`.
        """
        if bundle is not None:
            return _answered(lambda: tools.check_bundle(bundle, packs or (), select or ()))
        return _answered(lambda: tools.check(path, files or (), changes, packs or (), select or (), fail_on))

    @tool()
    def fix(
        path: PathOf = ".",
        files: Annotated[list[str] | None, Field(description="Fix only findings in these files")] = None,
        packs: Packs = None,
        select: Annotated[list[str] | None, Field(description="Only these policies, requirements or tags")] = None,
        unsafe: Annotated[
            bool, Field(description="Also fixes that may change what the program means: look at the diff")
        ] = False,
    ) -> str:
        """Fix findings whose remedy is exact: a diff to apply, tried before (nothing gets worse). Writes nothing."""
        return _answered(lambda: tools.fix(path, files or (), packs or (), select or (), unsafe))

    @tool()
    def explain(policy: Policy, path: PathOf = ".", packs: Packs = None) -> str:
        """Explain step by step how a policy gets its outcome on a project: what it searched, matched and missed."""
        return _answered(lambda: tools.explain(policy, path, packs or ()))

    @tool()
    def rule(policy: Policy, path: PathOf = ".", packs: Packs = None) -> str:
        """Describe a policy: what it asks for, why, how to fix and how to waive its findings, with examples."""
        return _answered(lambda: tools.rule(policy, path, packs or ()))

    @tool()
    def list_policies(path: PathOf = ".", packs: Packs = None) -> str:
        """List the policies in effect for a project: severity, name, title."""
        return _answered(lambda: tools.list_policies(path, packs or ()))

    @tool()
    def validate_policy(
        policy: Annotated[str, Field(description="The YAML of a policy; several are separated by ---")] = "",
        cases: Annotated[str, Field(description="The YAML of test cases to run")] = "",
        pack: Annotated[str, Field(description="The folder of a pack, to which policy and cases are added")] = "",
    ) -> str:
        """Check policies that you write: every problem with its line and what helps, then the results of test cases."""
        return _answered(lambda: tools.validate_policy(policy, cases, pack))

    @tool()
    def query(
        selector: Annotated[str, Field(description="pattern, code (tree-sitter), data (JMESPath) or text")],
        expression: Annotated[str, Field(description="The snippet, query, path or regular expression")],
        path: Annotated[str, Field(description="A folder or a file")] = ".",
        language: Annotated[str, Field(description="Of a pattern or query; by default that of each file")] = "",
        where: Annotated[str, Field(description="A condition on the names that the selector binds")] = "",
    ) -> str:
        """Run one selector over a folder or a file, and show what it matches and binds."""
        return _answered(lambda: tools.query(selector, expression, path, language, where))

    return server


def _answered(answer: Callable[[], str]) -> str:
    """Return an answer; what keeps it from being one is an error of the tool, in words for the agent."""
    try:
        return answer()
    except PolicyError as error:
        raise ToolError(problems_text(error.problems)) from error
    except PolcheckError as error:
        raise ToolError(str(error)) from error


def run(folders: Sequence[Path]) -> None:
    """Serve until standard input ends."""
    confine_to(folders)
    # NOTE: the SDK takes the descriptors of the streams as Python opened them; the command line's own print escapes
    sys.stdin, sys.stdout = sys.__stdin__ or sys.stdin, sys.__stdout__ or sys.stdout
    server_of(folders).run()
