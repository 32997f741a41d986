"""`polcheck pack`: the commands that manage packs."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from polcheck.base.today import today
from polcheck.cli.commands import OrderedGroup
from polcheck.cli.options import is_locked, locked_option, params_of
from polcheck.sources.target import read_submission

if TYPE_CHECKING:
    from polcheck.packs.diff import PackDiff
    from polcheck.project.manage_packs import Change, PackProject
    from polcheck.project.pack_update import SubmissionChange


format_option = click.option(
    "--format", "-f", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)


def pack_project(command: Callable[..., Any]) -> Callable[..., Any]:
    """Return the options that say which project is meant: the command gets it as `project`."""

    @functools.wraps(command)
    def wrapped(*, config: str | None, locked: bool | None, **others: Any) -> Any:
        from polcheck.project.manage_packs import PackProject

        project: PackProject = PackProject.at(config, strict=is_locked(locked), today=today())
        return command(project=project, **others)

    config = click.option("--config", "-c", metavar="FILE", help="Use this polcheck.yaml or pyproject.toml.")
    return config(locked_option(wrapped))


def echo_change(change: Change, path: str) -> None:
    """Print the changes of the lock to standard error."""
    for line in change.lines:
        click.echo(line, err=True)
    click.echo(f"wrote {path}" if change.lines else f"{path} is up to date", err=True)


def echo_diff(diff: PackDiff, outcomes: Sequence[SubmissionChange], form: str) -> int:
    """Prints a difference, and gives the status: 1 when there is one."""
    from polcheck.packs.diff import plain_of, text_of
    from polcheck.render.json import dumps

    if form == "json":
        sys.stdout.write(dumps({**plain_of(diff), "submissions": [_plain(one) for one in outcomes]}))
    else:
        click.echo(text_of(diff), nl=False)
        for line in _lines(outcomes):
            click.echo(line)
    return 0 if diff.empty and all(one.same for one in outcomes) else 1


def _plain(one: SubmissionChange) -> dict[str, object]:
    policies = [
        {
            "policy": policy.ref,
            "before": policy.before or None,
            "after": policy.after or None,
            "findings_before": policy.findings_before,
            "findings_after": policy.findings_after,
        }
        for policy in one.policies
    ]
    return {"submission": one.submission, "before": one.before, "after": one.after, "policies": policies}


def _lines(outcomes: Sequence[SubmissionChange]) -> Iterator[str]:
    for one in outcomes:
        yield ""
        if one.same:
            yield f"{one.submission}: {one.after}, as before"
            continue
        verdict = f"{one.before} -> {one.after}" if one.before != one.after else f"{one.after}, as before"
        yield f"{one.submission}: {verdict}"
        for policy in one.policies:
            outcome = f"{policy.before or 'not there'} -> {policy.after or 'not there'}"
            if policy.before == policy.after:
                outcome = policy.after
            counts = f"  {policy.findings_before} -> {policy.findings_after} findings"
            yield f"  {policy.ref}  {outcome}{counts if policy.findings_before != policy.findings_after else ''}"


@click.group(cls=OrderedGroup, short_help="Share packs between projects.")
def pack() -> None:
    """Share packs between projects: find, lock, verify and update them.

    A SOURCE is the name of a pack that ships with polcheck or that an installed
    distribution provides, a folder, an
    archive (.zip, .tar.gz, …; a file or a URL), git+https://…@rev#subdirectory=…, or oci://host/name:tag.
    """


@pack.command(short_help="Add a pack to polcheck.yaml, lock it and fetch it.")
@click.argument("source")
@pack_project
def add(source: str, project: PackProject) -> int:
    """Add SOURCE to polcheck.yaml (created where there is none), lock its current content, and fetch it.

    What the pack extends is locked and fetched with it. Nothing else of polcheck.yaml changes.
    """
    from polcheck.project.packs import lock_path

    change = project.add(source)
    echo_change(change, lock_path(project.folder))
    return 0


@pack.command(short_help="Remove a pack from polcheck.yaml and polcheck.lock.")
@click.argument("name", metavar="NAME|SOURCE")
@pack_project
def remove(name: str, project: PackProject) -> int:
    """Remove a pack from polcheck.yaml, and from polcheck.lock with the packs that only it extended.

    Parameters, severities and waivers that polcheck.yaml has for it stay; the next run reports the unused ones.
    """
    from polcheck.project.packs import lock_path

    echo_change(project.remove(name), lock_path(project.folder))
    return 0


@pack.command("list", short_help="List the project's packs and what they extend.")
@format_option
@pack_project
def list_packs(form: str, project: PackProject) -> int:
    """List the locked packs of polcheck.yaml, and below each the packs that it extends."""
    from polcheck.project.pack_list import rows
    from polcheck.render.escape import terminal
    from polcheck.render.json import dumps

    result = rows(project)
    if form == "json":
        sys.stdout.write(dumps([row.as_json for row in result]))
        return 0
    if not result:
        click.echo("no pack: `polcheck pack add SOURCE` adds one", err=True)
    texts = [
        ("  " * row.depth + terminal(row.name), *map(terminal, (row.version, row.where, row.source))) for row in result
    ]
    widths = [max((len(text[column]) for text in texts), default=0) for column in range(3)]
    for name, version, where, source in texts:
        click.echo(f"{name:{widths[0]}}  {version:{widths[1]}}  {where:{widths[2]}}  {source}")
    return 0


@pack.command(short_help="Show the content and signatures of a pack.")
@click.argument("name", metavar="NAME|SOURCE")
@format_option
@pack_project
def show(name: str, form: str, project: PackProject) -> int:
    """Show a pack: a locked one by its name, or the current content of a source."""
    from polcheck.project.pack_list import described
    from polcheck.render.escape import terminal
    from polcheck.render.json import dumps

    about = described(project, name)
    if form == "json":
        sys.stdout.write(dumps(about.as_json))
    else:
        click.echo("\n".join(map(terminal, about.lines)))
    return 0


@pack.command(short_help="List outdated packs.")
@format_option
@pack_project
def outdated(form: str, project: PackProject) -> int:
    """List the locked packs whose branch, tag or version has changed since, and newer version tags.

    Exit status: 0 none is outdated, 1 some are, 2 something can't be reached.
    """
    from polcheck.project.pack_update import newer
    from polcheck.render.json import dumps

    result = newer(project)
    if form == "json":
        sys.stdout.write(dumps([row.as_json for row in result]))
    else:
        for row in result:
            click.echo(row.text)
        if not result:
            click.echo("all packs are up to date", err=True)
    return 1 if result else 0


@pack.command(short_help="Update packs to what their sources have now.")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--diff", "dry", is_flag=True, help="Show what would change, without changing anything.")
@click.option(
    "--on", "submissions", multiple=True, metavar="PATH", help="With --diff: also compare the outcomes of a project."
)
@format_option
@pack_project
def update(names: tuple[str, ...], dry: bool, submissions: tuple[str, ...], form: str, project: PackProject) -> int:
    """Lock the current content of packs, at the end of their branch, tag or version. Without NAME, of all packs.

    The packs that it extends are updated with it. A source with a commit, a fixed tag or a digest stays the same: for
    another version, change polcheck.yaml.
    """
    from polcheck.project.packs import lock_path

    if not dry:
        if submissions or form != "text":
            raise click.UsageError("--on and --format go with --diff")
        echo_change(project.update(names), lock_path(project.folder))
        return 0
    from polcheck.project.pack_update import compared

    result, outcomes = compared(project, names, submissions)
    return echo_diff(result, outcomes, form)


@pack.command(short_help="Write polcheck.lock for the packs of polcheck.yaml.")
@pack_project
def lock(project: PackProject) -> int:
    """Lock every pack of polcheck.yaml, and the packs that they extend, in polcheck.lock.

    What is locked already stays as it is (`polcheck pack update` updates it); unused packs are removed. With
    --locked nothing is written, and the exit status is 2 where something would be.
    """
    from polcheck.project.packs import lock_path

    echo_change(project.settle(), lock_path(project.folder))
    return 0


@pack.command(short_help="Fetch every pack, so that runs need no network.")
@pack_project
def sync(project: PackProject) -> int:
    """Fetch every pack of polcheck.lock that isn't in the cache, and replace what is damaged there.

    Afterwards, runs need no network. What polcheck.yaml names and the lock lacks is locked first, unless --locked.
    """
    change = project.settle(heal=True)
    for line in change.lines:
        click.echo(line, err=True)
    count = len(change.after.packs)
    click.echo(f"{count} {'pack is' if count == 1 else 'packs are'} here as locked", err=True)
    return 0


@pack.command(short_help="Show how the policies of two packs differ.")
@click.argument("old")
@click.argument("new")
@click.option(
    "--on", "submissions", multiple=True, metavar="PATH", help="Also compare the outcomes of a project; repeatable."
)
@click.option("--param", "params", multiple=True, metavar="NAME=VALUE", help="Set a parameter for --on.")
@format_option
def diff(old: str, new: str, submissions: tuple[str, ...], params: tuple[str, ...], form: str) -> int:
    """Show what differs from OLD to NEW: policies added, removed, and changed by meaning; parameters; requirements.

    OLD and NEW are sources. How a policy is written makes no difference, nor does its wording; a selector, parameter
    or table that it uses does. With --on, each project is checked against both.

    Exit status: 0 nothing differs, 1 something does, 2 usage or an unusable pack.
    """
    from polcheck.policy.params import Settings
    from polcheck.project.pack_update import outcomes_diff, packs_diff
    from polcheck.project.publish import pack_now

    before, after = [pack_now(old)], [pack_now(new)]
    result = packs_diff(before, after)
    settings = Settings(params=params_of(params))
    read = [read_submission(name, project=True) for name in submissions]
    return echo_diff(result, outcomes_diff(before, after, read, settings), form)


@pack.command("build", short_help="Build a reproducible archive of a pack.")
@click.argument("source", default=".")
@click.option("--output", "-o", metavar="FOLDER", default=".", show_default=True, help="The folder to write to.")
def build_pack(source: str, output: str) -> int:
    """Build NAME-VERSION.tar.gz of the pack at SOURCE. The same content always gives the same bytes.

    Standard output gets the archive's path; standard error its digest and that of the content, which
    signatures and polcheck.lock refer to.
    """
    from polcheck.project.publish import build, write_archive

    built = build(source)
    click.echo(write_archive(built, output))
    click.echo(f"archive {built.digest}\ncontent {built.pack.digest}", err=True)
    return 0


@pack.command(short_help="Push a pack to an OCI registry.")
@click.argument("source")
@click.argument("target", metavar="oci://HOST/NAME[:TAG]")
@click.option("--move", is_flag=True, help="Push even if the tag has other content.")
def push(source: str, target: str, move: bool) -> int:
    """Push the pack at SOURCE to an OCI registry, under the tag that is given or else the pack's version.

    Standard output gets the address by digest. Log in with `docker login`.
    """
    from polcheck.project.publish import build, push

    click.echo(push(build(source), target, move=move))
    return 0


@pack.command(short_help="Sign a pack with an SSH key.")
@click.argument("folder")
@click.option(
    "--key", "-k", required=True, metavar="FILE", help="The private key, or the public one of an SSH agent's."
)
def sign(folder: str, key: str) -> int:
    """Sign the pack in FOLDER: its name, its version and the digest of its content. The signature goes into pack.sig.

    `pack.sig` lies beside pack.yaml and goes wherever the pack goes: commit it, build or push. It may hold several.
    """
    from polcheck.project.publish import sign

    path, signature = sign(folder, key)
    message = signature.statement
    click.echo(f"signed {message.name} {message.version} {message.digest} in {path}", err=True)
    return 0


@pack.command(short_help="Verify the digests and signatures of packs.")
@click.argument("source", required=False)
@click.option(
    "--key", "-k", "keys", multiple=True, metavar="KEY|FILE", help="A public key that must have signed the pack."
)
@format_option
@pack_project
def verify(source: str | None, keys: tuple[str, ...], form: str, project: PackProject) -> int:
    """Verify that the packs of the project are as locked, and signed by the publishers in `trusted`.

    With SOURCE, verify its signatures: by one of --key, else by the publishers in `trusted`, else by anybody.

    Exit status: 0 verified, 1 not, 2 usage or an unusable pack.
    """
    from polcheck.project.pack_verify import verify_pack, verify_source
    from polcheck.render.json import dumps

    if keys and source is None:
        raise click.UsageError("--key goes with SOURCE")
    result = verify_pack(project) if source is None else verify_source(project, source, keys)
    if form == "json":
        sys.stdout.write(dumps([row.as_json for row in result]))
    else:
        for row in result:
            click.echo(row.text)
    return 1 if any(row.fault for row in result) else 0
