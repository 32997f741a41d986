"""The commands; the module of each is imported when it is called."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from polcheck.cli.streams import prepared

Table = Mapping[str, tuple[str, str, str]]  # command -> (module, attribute, help)


_COMPLETES = "_POLCHECK_COMPLETE"  # click: which shell asks, and what for
# what users of other tools type for a command, and what is not spelled alike
_SYNONYMS = {
    "check": ("run",),
    "lint": ("run", "validate"),
    "scan": ("run",),
    "verify": ("run", "test"),
    **dict.fromkeys(("analyze", "analyse", "audit", "ci", "diff", "fix", "start", "watch"), ("run",)),
    **dict.fromkeys(("add", "lock", "pull", "push", "sign", "update", "upgrade"), ("pack",)),
    **dict.fromkeys(("create", "generate", "scaffold"), ("new",)),
    **dict.fromkeys(("describe", "info", "show", "why"), ("rule", "explain")),
    **dict.fromkeys(("serve", "server"), ("lsp", "mcp")),
    **dict.fromkeys(("eval", "find", "grep", "match"), ("query",)),
    **dict.fromkeys(("dump", "tree"), ("parse",)),
    **dict.fromkeys(("convert", "report"), ("render",)),
    "accept": ("baseline", "waive"),
    "clean": ("cache",),
    "settings": ("config",),
    "tests": ("test",),
    "rules": ("list",),
    "ls": ("list",),
    "policies": ("list",),
    "parse-ast": ("parse",),
    "search": ("query",),
    "ast": ("parse",),
    "format": ("render",),
    "install": ("pack",),
    "suppress": ("waive",),
    "ignore": ("waive",),
}


class OrderedGroup(click.Group):
    """A group whose commands are listed as they are defined; an unknown one is answered with the likely ones."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return list(self.commands)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Return the arguments after the options. Raises UsageError that names `run` for an option of that command."""
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            run = self.get_command(ctx, "run")
            if run is not None and any(error.option_name in (*each.opts, *each.secondary_opts) for each in run.params):
                raise click.UsageError(
                    f"`{error.option_name}` is an option of a command: `polcheck run {error.option_name}`.", ctx
                ) from error
            raise

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that the arguments name. Raises UsageError with the likely ones where there is none."""
        names = self.list_commands(ctx)
        if args and not args[0].startswith("-") and args[0] not in names:
            from polcheck.base.similar_names import similar_names

            synonyms = [name for name in _SYNONYMS.get(args[0], ()) if name in names]
            alternatives = synonyms or similar_names(args[0], names)
            hint = f" Did you mean {' or '.join(f'`{name}`' for name in alternatives)}?" if alternatives else ""
            if not synonyms and "run" in names and Path(args[0]).exists():
                hint = f" `polcheck run {args[0]}` checks what lies there."
            raise click.UsageError(f"there is no command `{args[0]}`.{hint}", ctx)
        return super().resolve_command(ctx, args)


class Commands(OrderedGroup):
    """A group whose commands are imported on demand.

    `table` leads from a command to its module, its name there, and its help, which stands in the table so that listing
    the commands imports none of them.
    """

    def __init__(self, *args: Any, table: Table, **options: Any) -> None:
        self._table = table
        super().__init__(*args, **options)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, in the order of a user's first day."""
        return list(self._table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of that name, or None."""
        if cmd_name not in self._table:
            return None
        module, attribute, _ = self._table[cmd_name]
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the list of commands into the help."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, _, text) in self._table.items()])


# command -> (module, attribute, help): the help of a command stands here so that listing them imports none
COMMANDS = {
    "init": ("polcheck.cli.init", "init", "Write a first polcheck.yaml."),
    "run": ("polcheck.cli.run", "run", "Check a project against packs of policies."),
    "rule": ("polcheck.cli.rule", "rule", "Say what a policy asks for, and how to fix or waive its findings."),
    "list": ("polcheck.cli.rule", "list_policies", "List the policies in effect."),
    "explain": ("polcheck.cli.explain", "explain", "Explain step by step how a policy gets its outcome."),
    "render": ("polcheck.cli.render", "render", "Turn a saved report into other formats."),
    "config": ("polcheck.cli.config", "config", "Show the effective configuration, and where each value comes from."),
    "waive": ("polcheck.cli.waive", "waive", "Write a waiver into polcheck.yaml."),
    "baseline": ("polcheck.cli.baseline", "baseline", "Record today's findings; later runs fail on new ones only."),
    "pack": ("polcheck.cli.pack", "pack", "Share packs between projects: add, lock, update, sign, …"),
    "new": ("polcheck.cli.new", "new", "Create a pack, or a policy in a pack."),
    "query": ("polcheck.cli.query", "query", "Run one selector and underline what it matches."),
    "parse": ("polcheck.cli.parse", "parse", "Show the tree of a file, as selectors see it."),
    "validate": ("polcheck.cli.validate", "validate", "Check packs and their policies, with every problem at once."),
    "test": ("polcheck.cli.test", "test", "Run the test cases of packs."),
    "lsp": ("polcheck.cli.lsp", "lsp", "Serve an editor: findings while typing, and help for authors of packs."),
    "mcp": ("polcheck.cli.mcp", "mcp", "Serve code-writing agents: check, explain, look up policies."),
    "languages": ("polcheck.cli.languages", "languages", "List the languages of code, and which are installed."),
    "migrate": ("polcheck.cli.migrate", "migrate", "Rewrite packs in the newest version of the policy language."),
    "docs": ("polcheck.cli.docs", "docs", "Write the reference of a pack as Markdown."),
    "batch": ("polcheck.cli.batch", "batch", "Check thousands of projects."),
    "cache": ("polcheck.cli.cache", "cache", "Show or clear the cache."),
    "help": ("polcheck.cli.commands", "show_help", "Show the help of a command."),
}


def _version(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from polcheck.base.version import VERSION

        click.echo(f"polcheck {VERSION}")
        ctx.exit()


@click.group(
    cls=Commands, table=COMMANDS, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.option(
    "--version", "-V", is_flag=True, callback=_version, expose_value=False, is_eager=True, help="Print the version."
)
def _group() -> None:
    """Policy as code over code and configuration, and the joins between them.

    Exit status: 0 pass, 1 fail, 2 no verdict (usage, bad policy, unreadable input, nothing to check, undecided).
    """
    try:
        os.getcwd()  # noqa: PTH109
    except FileNotFoundError as error:
        raise click.ClickException("the working directory has been removed: change to one that exists") from error


@click.command("help", short_help="Show the help of a command.")
@click.argument("command", nargs=-1, metavar="[COMMAND]...")
@click.pass_context
def show_help(ctx: click.Context, command: tuple[str, ...]) -> None:
    """Show the help of COMMAND, as `COMMAND --help` does; of all commands when none is given."""
    inner = ctx.find_root()
    for name in command:
        if not isinstance(inner.command, click.Group):
            raise click.UsageError(f"`{inner.info_name}` has no commands of its own")
        named, found, _ = inner.command.resolve_command(inner, [name])
        if found is None:
            raise click.UsageError(f"there is no command `{name}`")
        inner = click.Context(found, inner, named)
    click.echo(inner.get_help())


def run_commands() -> int:
    """Return the exit status of the command line."""
    # NOTE: there are many rows and no circles among them; looking for circles as often as usual takes a fifth of a run
    gc.set_threshold(200_000, 20, 100)
    with prepared():
        return _status()


def _status() -> int:
    """Return the exit status of the command line, once everything is printed."""
    import difflib

    from polcheck.base.errors import PolcheckError

    status: object = 2
    try:
        status = _group.main(prog_name="polcheck", standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.Exit as leave:
        return leave.exit_code
    except click.ClickException as error:
        if isinstance(error, click.NoSuchOption):  # NOTE: click proposes `--config` for `--fix`
            close = difflib.get_close_matches(error.option_name, error.possibilities or (), cutoff=0.7)
            error = click.NoSuchOption(error.option_name, possibilities=close, ctx=error.ctx)
        error.show()
        return 2
    except (click.Abort, KeyboardInterrupt):
        click.echo("stopped", err=True)
        return 2
    except PolcheckError as error:
        click.echo(str(error), err=True)
        return 2
    except SystemExit as leave:  # NOTE: click's, after what a shell asked for its completion
        return leave.code if _COMPLETES in os.environ and isinstance(leave.code, int) else 2
    except BrokenPipeError:  # NOTE: click's, for a pipe that was closed; its status is that of a fail
        return 2
    except BaseException as fault:  # NOTE: a fault of our own is no verdict; Python would exit as for a fail
        if os.environ.get("POLCHECK_DEBUG"):
            raise
        click.echo(f"internal error: {type(fault).__name__}: {fault}", err=True)
        click.echo("help: set POLCHECK_DEBUG=1 to see where, and report it", err=True)
        return 2
    return status if isinstance(status, int) else 0
