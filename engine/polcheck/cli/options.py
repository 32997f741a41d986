"""The options shared by the commands that check a project."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, Protocol

import click

from polcheck.base.store import store
from polcheck.base.today import today
from polcheck.cli.outputs import colored
from polcheck.cli.shell_completion import complete_packs, complete_selected
from polcheck.cli.streams import terminal_width
from polcheck.project.cache_place import ASKED, is_cache_allowed

if TYPE_CHECKING:
    from polcheck.authoring.explain.display import DisplayOptions
    from polcheck.project.project import Project


def look_of(color: str, *, show_all: bool, verbose: bool) -> DisplayOptions:
    """Return the display options for this terminal."""
    from polcheck.authoring.explain.display import DisplayOptions

    return DisplayOptions(colored(color), terminal_width(), show_all, verbose)


def is_locked(given: bool | None) -> bool:
    """Return whether polcheck.lock must not change: as asked, or, where nothing is, when this is a build server."""
    return os.environ.get("CI", "").lower() not in ("", "0", "false") if given is None else given


def pack_option(text: str, *, required: bool = False) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return the option that names packs, with its help."""
    return click.option(
        "--pack",
        "-p",
        "packs",
        multiple=True,
        required=required,
        metavar="NAME|PATH",
        shell_complete=complete_packs,
        help=text,
    )


locked_option = click.option(
    "--locked/--no-locked", default=None, help="Never change polcheck.lock.  [default: --locked where CI is set]"
)


def _day(_context: click.Context, _option: click.Parameter, text: str | None) -> date | None:
    """Return the date that an option gives. Raises BadParameter for anything but a date."""
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(f"`{text}` is not a date, as 2026-01-31") from None


today_option = click.option(
    "--today",
    "day",
    callback=_day,
    metavar="DATE",
    help="The day of the run: what today() gives, and waivers expire by.  [default: today, in UTC]",
)
_OPTIONS = (
    pack_option("A pack to check against; repeatable."),
    click.option(
        "--param",
        "params",
        multiple=True,
        metavar="NAME=VALUE",
        help="Set a parameter (PACK:NAME=VALUE for one pack).",
    ),
    click.option(
        "--profile", "profiles", multiple=True, metavar="NAME", help="Use a profile of the packs (PACK:NAME for one)."
    ),
    click.option(
        "--select",
        multiple=True,
        metavar="POLICY",
        shell_complete=complete_selected,
        help="Only these policies, requirements or tags.",
    ),
    click.option(
        "--ignore",
        multiple=True,
        metavar="POLICY",
        shell_complete=complete_selected,
        help="Not these policies, requirements or tags.",
    ),
    click.option(
        "--exclude", multiple=True, metavar="PATTERN", help="Leave out the files that a path pattern matches."
    ),
    click.option(
        "--fail-on",
        type=click.Choice(["error", "warning", "note", "never"]),
        help="The lowest severity that fails the run.  [default: error]",
    ),
    click.option("--allow-empty", is_flag=True, help="Pass when no policy applies to anything."),
    click.option("--config", "-c", metavar="FILE", help="Use this polcheck.yaml or pyproject.toml."),
    click.option(
        "--isolated",
        is_flag=True,
        help="The project is untrusted: its configuration, .gitignore, baseline and comments have no effect.",
    ),
    click.option(
        "--trusted",
        metavar="REV",
        help="Take configuration, baseline, waivers, .gitignore and local packs from a git revision.",
    ),
    click.option("--no-gitignore", is_flag=True, help="Check files that .gitignore excludes, too."),
    click.option(
        "--jobs", "-j", type=click.IntRange(min=0), default=0, help="Processes to search with.  [default: one per core]"
    ),
    click.option("--no-cache", is_flag=True, help="Neither read nor write the cache."),
    locked_option,
    click.option("--tracked", is_flag=True, help="Check only files that git tracks."),
    today_option,
)


def project_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Return the options that make a project: the command gets them as one function `project`, from submission to
    Project.
    """

    @functools.wraps(command)
    def wrapped(
        *,
        packs: tuple[str, ...],
        params: tuple[str, ...],
        profiles: tuple[str, ...],
        select: tuple[str, ...],
        ignore: tuple[str, ...],
        exclude: tuple[str, ...],
        fail_on: str | None,
        allow_empty: bool,
        config: str | None,
        isolated: bool,
        trusted: str | None,
        no_gitignore: bool,
        tracked: bool,
        jobs: int,
        no_cache: bool,
        locked: bool | None,
        day: date | None,
        **others: Any,
    ) -> Any:
        if isolated and trusted is not None:
            raise click.UsageError("give --isolated or --trusted, not both")

        def project(target: str, baseline: str | None = None) -> Project:
            from polcheck.project.effective import CommandLineOptions
            from polcheck.project.project import Project

            allowed = no_cache or is_cache_allowed(target)
            if not allowed:
                click.echo(
                    f"the cache is not used: {store()} lies below what is checked, or its repository\n"
                    f"help: keep it elsewhere, or set {ASKED}=1 if nobody else can write there",
                    err=True,
                )
            provided = CommandLineOptions(
                packs=packs,
                params=params_of(params),
                profiles=_profiles(profiles),
                select=select,
                ignore=ignore,
                exclude=exclude,
                fail_on=fail_on,
                allow_empty=True if allow_empty else None,
                gitignore=False if no_gitignore else None,
                tracked=True if tracked else None,
                baseline=baseline,
                jobs=jobs,
                cache=allowed and not no_cache,
                locked=is_locked(locked),
                today=day or today(),
            )
            return Project.at(target, provided, config, isolated=isolated, trusted=trusted)

        return command(project=project, **others)

    for option in reversed(_OPTIONS):
        wrapped = option(wrapped)
    return wrapped


class ProjectOf(Protocol):
    """The project of a submission by the options that were given."""

    def __call__(self, target: str, baseline: str | None = None) -> Project:
        """The project; with `baseline`, of that file, or of none if it is empty. Raises ConfigError."""


def project_of(config: str | None) -> Project:
    """Return the project around the working directory, or of the configuration in a file. Raises ConfigError."""
    from polcheck.project.effective import CommandLineOptions
    from polcheck.project.project import Project

    return Project.at(".", CommandLineOptions(), config)


def params_of(texts: tuple[str, ...]) -> Mapping[str, Mapping[str, Any]]:
    """Parameters by pack from `name=value` and `pack:name=value`. Raises UsageError for anything else."""
    params: dict[str, dict[str, Any]] = {"": {}}
    for text in texts:
        name, equals, value = text.partition("=")
        pack, _, own = name.rpartition(":")
        if not equals or not own:
            raise click.UsageError(f"`{text}` is not NAME=VALUE")
        params.setdefault(pack, {})[own] = value
    return params


def _profiles(texts: tuple[str, ...]) -> Mapping[str, str]:
    """Profiles by pack from `name` and `pack:name`."""
    parts = (text.rpartition(":") for text in texts)
    return {pack: name for pack, _, name in parts}


def has_packs(project: Project) -> Project:
    """Return the project itself. Raises UsageError when nothing says which packs to judge by."""
    if not project.effective.packs:
        config_file = project.effective.config_file
        where = f"{config_file.path} names none" if config_file else "there is no polcheck.yaml"
        raise click.UsageError(f"no pack to check against: {where}; give --pack, or write one with `polcheck init`")
    note = project.keep_lock()
    if note:
        click.echo(note, err=True)
    return project
