"""Writing reports: each requested format to its file or to standard output."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from msgspec import Struct
from msgspec.structs import replace

from polcheck.base.errors import PolcheckError
from polcheck.base.write import append_output, write_output
from polcheck.cli.streams import Output, harmless, terminal_width
from polcheck.render import Options, OutputFormat, listed_output_formats, output_format, output_formats

if TYPE_CHECKING:  # NOTE: what was said before is said again without any of it
    from click.shell_completion import CompletionItem

    from polcheck.findings.report import Report


class Outputs(Struct):
    """The formats of one run: `(format, file)`, an empty file being standard output."""

    requested: tuple[tuple[str, str], ...]
    options: Options

    @classmethod
    def of(cls, formats: tuple[str, ...], output: str | None, *, color: str, show_all: bool, verbosity: int) -> Outputs:
        """Return the outputs that the options ask for. Raises UsageError for an unknown format, or two on standard
        output.
        """
        requested = [_parsed(text) for text in formats or ("text",)]
        plain = [name for name, path in requested if not path]
        if len(plain) > 1:
            raise click.UsageError(f"only one format can go to standard output, not {' and '.join(plain)}")
        if output:
            if not plain:
                raise click.UsageError("-o names the file of the format without one, and every format has one")
            requested = [(name, path or output) for name, path in requested]
        written: dict[str, str] = {}
        for name, path in requested:
            place = os.path.realpath(path)
            if path and place in written and (Path(path).is_file() or not Path(path).exists()):  # no device
                raise click.UsageError(f"{written[place]} and {name} can't both go to `{path}`: give each its own file")
            written[place] = name
        width = terminal_width()
        options = Options(
            color=colored(color), width=width, all=show_all, verbosity=verbosity, source=_source_address()
        )
        return cls(tuple(requested), options)

    @property
    def digests(self) -> bool:
        """Return whether some output says the submission's digest."""
        return self.options.verbosity > 0 or any(_format(name).with_digest for name, _ in self.requested)

    def write(self, report: Report) -> int:
        """Write every output and return the exit status, which no format changes."""
        from polcheck.render.verdict import NoVerdict

        for name, path in self.requested:
            try:
                text = self._text(name, report)
            except NoVerdict as reason:
                click.echo(f"no verdict: {reason}", err=True)
                continue
            if path:
                write_output(path, text)
            else:
                _print(text, commands=_format(name).has_commands)
            if summary := _format(name).job_summary:
                _add_job_summary(summary(_format(name).placed(report)))
        if all(path for _, path in self.requested) and self.options.verbosity >= 0:
            from polcheck.render.wording import summary as in_one_line

            _print(in_one_line(report) + "\n", commands=False)
        return report.exit_status

    def write_changes(self, before: Report, after: Report, *, said: bool = False) -> int:
        """Print what has changed since the report that was written `before`, write the files, return the exit status.

        With `said`, the verdict is printed also where nothing has changed.
        """
        from polcheck.render.style import Style
        from polcheck.render.text import closing
        from polcheck.render.updates import render_changes

        if text := render_changes(before, after, self.options):
            _print(text, commands=False)
        elif said:
            _print(closing(after, Style(self.options.color)) + "\n", commands=False)
        to_files = Outputs(tuple(entry for entry in self.requested if entry[1]), replace(self.options, verbosity=-1))
        return to_files.write(after)

    def _text(self, name: str, report: Report) -> str:
        """Return one format of the report; `template:FILE` is read from its file. Raises PolcheckError that names
        the file.
        """
        template = name.partition(":")[2]
        if not template:
            return _format(name).render(_format(name).placed(report), self.options)
        from polcheck.policy.templates import TemplateFault

        try:
            return _format(name).render(report, replace(self.options, template=_template(template)))
        except TemplateFault as fault:
            raise PolcheckError(f"the template `{template}` fails: {fault}") from fault


class _FormatOption(click.Option):
    """An option whose help lists the output formats; help alone imports them all."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        self.help = f"{listed_output_formats()}; repeatable, each but one with its file."
        return super().get_help_record(ctx)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Return the formats that begin so; a file is the shell's own to complete."""
        from click.shell_completion import CompletionItem

        return [CompletionItem(name) for name in output_formats() if name.startswith(incomplete)]


color_option = click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    show_default=True,
    help="Color in text; NO_COLOR and FORCE_COLOR are honored.",
)
_OPTIONS = (
    click.option(
        "--format",
        "-f",
        "formats",
        multiple=True,
        metavar="FORMAT[=FILE]",
        cls=_FormatOption,
    ),
    click.option(
        "--output",
        "-o",
        metavar="FILE",
        help="Output file of the format without one.  [default: standard output]",
    ),
    click.option("--statistics", is_flag=True, help="Print the number of findings of each policy: -f statistics."),
    click.option("--all", "show_all", is_flag=True, help="Show every finding in text, however many."),
    color_option,
    click.option("--quiet", "-q", is_flag=True, help="One line per finding, and nothing else."),
    click.option("--verbose", "-v", is_flag=True, help="Also what passed, and what was examined."),
)


def output_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Return the options that say where a report goes, and as what: the command gets them as `outputs`."""

    @functools.wraps(command)
    def wrapped(
        *,
        formats: tuple[str, ...],
        output: str | None,
        statistics: bool,
        show_all: bool,
        color: str,
        quiet: bool,
        verbose: bool,
        **others: Any,
    ) -> Any:
        formats = (*formats, "statistics") if statistics else formats
        outputs = Outputs.of(formats, output, color=color, show_all=show_all, verbosity=verbose - quiet)
        return command(outputs=outputs, **others)

    for option in reversed(_OPTIONS):
        wrapped = option(wrapped)
    return wrapped


def _print(text: str, *, commands: bool) -> None:
    """Writes to standard output, and changes nothing where its reader has seen enough (`| head`).

    `commands`: lines of the text may be workflow commands. Raises PolcheckError when it can't be written.
    """
    message = harmless(text, commands=commands)
    with suppress(BrokenPipeError):
        if isinstance(sys.stdout, Output):
            sys.stdout.put(message)
        else:
            sys.stdout.write(message)
        sys.stdout.flush()


def _template(path: str) -> str:
    """Return the text of a template of the user's own. Raises SubmissionError when it can't be read."""
    from polcheck.sources.target import read_file

    return read_file(path, sys.stdin.buffer).text


def _add_job_summary(text: str) -> None:
    """Add the text to the job's page, where GitHub says which file that is."""
    path = os.environ.get("GITHUB_STEP_SUMMARY")
    if path:
        append_output(path, text)


def _format(name: str) -> OutputFormat:
    """Return the format of a name that was checked, as `sarif` or `template:FILE`."""
    return output_format(name.partition(":")[0])


def _parsed(text: str) -> tuple[str, str]:
    """Return the format and the file of `FORMAT[=FILE]`. Raises UsageError for a format that isn't one."""
    name, _, path = text.partition("=")
    base, _, template = name.partition(":")
    try:
        from_template = output_format(base).from_template
    except KeyError:
        raise click.UsageError(f"there is no format `{base}`: one of {', '.join(output_formats())}") from None
    if from_template != bool(template):
        raise click.UsageError(
            f"write {base}:FILE for a format of your own" if not template else f"`{base}` takes no file after `:`"
        )
    return name, path


# what a build service says of the commit that it checks: the address at which the repository's host shows a file
_SOURCES = (
    (("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_SHA"), "{}/{}/blob/{}/{{path}}#L{{line}}"),
    (("CI_PROJECT_URL", "CI_COMMIT_SHA"), "{}/-/blob/{}/{{path}}#L{{line}}"),  # GitLab
)


def _source_address() -> str:
    """Return the address of a file with `{path}` and `{line}`, as the environment of a build service has it, or ''."""
    for names, address in _SOURCES:
        values = [os.environ.get(name, "") for name in names]
        if all(values) and not any("{" in value for value in values):
            return address.format(*values)
    return ""


def colored(color: str) -> bool:
    """Return whether standard output gets colors: as asked, or, for `auto`, when it is a terminal that wants them.

    NO_COLOR (no-color.org) forbids them, FORCE_COLOR (force-color.org) asks for them whatever the output is.
    """
    if color != "auto":
        return color == "always"
    if os.environ.get("FORCE_COLOR") and not os.environ.get("NO_COLOR"):
        return True
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
