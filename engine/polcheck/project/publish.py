"""Publishing packs: reproducible archives, registries, signatures."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from polcheck.base.errors import PolicyError, Problem
from polcheck.base.paths import is_folder
from polcheck.base.write import write_bytes
from polcheck.packs.archive import compressed, packed
from polcheck.packs.lock import digest_of
from polcheck.packs.oci import push as push_archive
from polcheck.packs.sign import (
    SIGNATURES,
    Signature,
    Statement,
    Trust,
    Untrusted,
    fingerprint,
    signatures_in,
    signed,
    verifies,
    with_signature,
)
from polcheck.packs.sources import Archive, Folder, Oci, SourceError, parse
from polcheck.packs.store import readable
from polcheck.policy.extension import Extension, UsedPack, extensions, used_packs
from polcheck.policy.pack_files import PackFiles
from polcheck.project.library import checker
from polcheck.project.packs import PackRequest, ProjectPacks, read_pack

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+_-]*")


class Built(Struct, frozen=True):
    """An archive of a pack: its bytes, the pack, and the name that a file of it has."""

    data: bytes
    pack: PackFiles
    name: str

    @property
    def digest(self) -> str:
        """The digest of the file (the content's is the pack's own)."""
        return digest_of(self.data)


def build(source: str) -> Built:
    """Return the archive of a pack, the same bytes for the same content.

    Raises PolicyError when the pack can't be used, or could not be by those who get the archive.
    """
    pack = read_pack(source)
    checker(pack)
    version = pack.text_under("version")
    if not _PLAIN.fullmatch(version):
        raise PolicyError(
            [Problem(f"the version `{version}` can't be part of a file's name", f"{pack.root}/pack.yaml")]
        )
    entries: list[tuple[Extension | UsedPack, str]] = [
        *((entry, "extends") for entry in extensions(pack)),
        *((entry, "uses") for entry in used_packs(pack)),
    ]
    for entry, word in entries:
        if isinstance(parse(entry.pack), Folder) or _is_file(entry.pack):
            message = f"`{pack.name}` {word} `{entry.pack}`, which users of the archive don't have"
            help = f"publish that pack, too, and {word.removesuffix('s')} it by name, git+https:// or oci://"
            raise PolicyError([Problem(message, f"{pack.root}/pack.yaml", help=help)])
    name = f"{pack.name}-{version}"
    data = packed(pack.files, pack.signatures, name)
    readable(packed(pack.files, pack.signatures), pack)
    return Built(compressed(data), pack, f"{name}.tar.gz")


def write_archive(built: Built, folder: str) -> str:
    """Writes an archive into a folder; its path. Raises PolcheckError when it can't be written."""
    path = str(Path(folder, built.name))
    write_bytes(path, built.data)
    return path


def push(built: Built, target: str, *, move: bool = False) -> str:
    """Puts an archive into a registry, under the tag of `target` or the pack's version; the pack's address by digest.

    Raises PolcheckError when `target` is no registry's or the registry won't take it.
    """

    source = parse(target)
    if not isinstance(source, Oci) or source.digest:
        raise SourceError(f"`{target}` is not where a pack can be pushed to", "write oci://host/name:tag")
    if not target.endswith(f":{source.tag}"):
        source = Oci(source.host, source.repository, built.pack.text_under("version").replace("+", "_"))
    digest = push_archive(built.data, built.pack, source, move=move)
    return str(Oci(source.host, source.repository, source.tag, digest))


def sign(folder: str, key: str) -> tuple[str, Signature]:
    """Signs the pack in a folder; the path of its `pack.sig`, and the signature.

    Raises PolicyError when the pack can't be used and PolcheckError when ssh-keygen can't sign.
    """
    if not is_folder(folder):
        raise PolicyError(
            [Problem(f"`{folder}` is not a folder", help="sign the pack's folder, then build or commit it")]
        )
    pack = read_pack(Path(folder))
    checker(pack)
    statement = Statement(pack.name, pack.text_under("version"), pack.digest)
    if "\n" in statement.version or "\r" in statement.version:
        raise PolicyError([Problem("a version of several lines can't be signed", f"{pack.root}/pack.yaml")])
    signature = signed(statement, key)
    path = str(Path(folder, SIGNATURES))
    write_bytes(path, with_signature(pack.signatures, signature))
    return path, signature


class Verified(Struct, frozen=True):
    """The result for one signature: `key` is the fingerprint of the key that made it, `fault` why it doesn't count."""

    name: str
    version: str
    key: str
    fault: str = ""


def verify(pack: PackFiles, trust: Trust) -> Iterator[Verified]:
    """Yield the result for each signature of a pack, by those who may publish it; of any valid one where nobody is
    named.
    """
    for signature in signatures_in(pack.signatures, pack.digest):
        message = signature.statement
        key = fingerprint(signature)
        fault = "" if key else "it is not over this content"
        if (message.name, message.version) != (pack.name, pack.text_under("version")):
            fault = f"it is of `{message.name}` {message.version}"
        elif key and trust.publishers:
            fault = _fault(pack, signature, trust)
        yield Verified(message.name, message.version, key, fault)


def _fault(pack: PackFiles, signature: Signature, trust: Trust) -> str:
    try:
        trust.check(pack.root, with_signature(b"", signature), pack.digest, verifies)
    except Untrusted as error:
        return str(error).partition("is not trusted: ")[2] or str(error)
    return ""


def _is_file(text: str) -> bool:
    source = parse(text)
    return isinstance(source, Archive) and not source.url


def pack_now(text: str) -> PackFiles:
    """Return the pack that a source names, as it is now, with what it extends. Raises PolcheckError when it can't
    be had.
    """
    return ProjectPacks.of(PackRequest()).open(text)
