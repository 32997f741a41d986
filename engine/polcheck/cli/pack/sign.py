"""`polcheck pack sign`."""

from __future__ import annotations

import click


@click.command(short_help="Sign a pack with an SSH key.")
@click.argument("folder")
@click.option("--key", "-k", required=True, metavar="FILE", help="The private key, or the public one of an agent's.")
def sign(folder: str, key: str) -> int:
    """Sign the pack in FOLDER: its name, its version and the digest of its content. The signature goes into pack.sig.

    `pack.sig` lies beside pack.yaml and goes wherever the pack goes: commit it, build or push. It may hold several.
    """
    from polcheck.packs.publish import sign

    path, signature = sign(folder, key)
    said = signature.statement
    click.echo(f"signed {said.name} {said.version} {said.digest} in {path}", err=True)
    return 0
