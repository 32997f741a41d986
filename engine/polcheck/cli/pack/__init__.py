"""`polcheck pack`: packs that projects share. Each command's module is imported when it is called."""

from __future__ import annotations

import click

from polcheck.cli.commands import Commands

# command -> (module, attribute, help)
_COMMANDS = {
    "add": ("polcheck.cli.pack.add", "add", "Name a pack in polcheck.yaml, lock it and fetch it."),
    "remove": ("polcheck.cli.pack.remove", "remove", "Take a pack out of polcheck.yaml and polcheck.lock."),
    "list": ("polcheck.cli.pack.listing", "list_packs", "List the project's packs and what they extend."),
    "show": ("polcheck.cli.pack.show", "show", "Show what a pack holds, and who signed it."),
    "outdated": ("polcheck.cli.pack.outdated", "outdated", "List the packs that are something else by now."),
    "update": ("polcheck.cli.pack.update", "update", "Take packs as they are now."),
    "lock": ("polcheck.cli.pack.lock", "lock", "Write polcheck.lock for the packs of polcheck.yaml."),
    "sync": ("polcheck.cli.pack.sync", "sync", "Fetch every pack, so that runs need no network."),
    "diff": ("polcheck.cli.pack.diff", "diff", "Show what differs between two packs, by meaning."),
    "build": ("polcheck.cli.pack.build", "build", "Make an archive of a pack: same input, same bytes."),
    "push": ("polcheck.cli.pack.push", "push", "Put a pack into an OCI registry."),
    "sign": ("polcheck.cli.pack.sign", "sign", "Sign a pack with an SSH key."),
    "verify": ("polcheck.cli.pack.verify", "verify", "Prove packs: their digests and their signatures."),
}


@click.group(cls=Commands, table=_COMMANDS, short_help="Share packs between projects.")
def pack() -> None:
    """Share packs between projects: found, locked, verified, updated with open eyes.

    A SOURCE is the name of a pack that ships with polcheck or that an installed distribution brings, a folder, an
    archive (.zip, .tar.gz, …; a file or a URL), git+https://…@rev#subdirectory=…, or oci://host/name:tag.
    """
