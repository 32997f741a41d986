"""Signatures of packs: what is signed, and the file `pack.sig` that lies beside pack.yaml."""

from __future__ import annotations

import re

from polcheck.records import record

SIGNATURES = "pack.sig"  # beside pack.yaml, and not part of the content that it signs
NAMESPACE = "polcheck-pack"  # of ssh-keygen -Y: a signature made for git or for mail is none of a pack
_HEAD = "polcheck-pack-signature 1"
_BLOCK = re.compile(
    rb"name: ([^\r\n]{1,200})\nversion: ([^\r\n]{1,200})\n"
    rb"(-----BEGIN SSH SIGNATURE-----\n[A-Za-z0-9+/=\n]{1,20000}-----END SSH SIGNATURE-----)\n"
)


@record(frozen=True)
class Statement:
    """What a publisher says of some content: it is this pack in this version."""

    name: str
    version: str
    digest: str

    @property
    def message(self) -> bytes:
        """The bytes that are signed. INVARIANT: name and version are single lines, so that no two say the same."""
        return f"{_HEAD}\nname: {self.name}\nversion: {self.version}\ndigest: {self.digest}\n".encode()


@record(frozen=True)
class Signature:
    """A statement and the SSH signature under it, in its armour."""

    statement: Statement
    armour: bytes


def signatures_in(data: bytes, digest: str) -> list[Signature]:
    """The signatures of a `pack.sig` over the content with this digest; what is none of it is passed over."""
    found = []
    for match in _BLOCK.finditer(data):
        try:
            name, version = match[1].decode(), match[2].decode()
        except UnicodeDecodeError:
            continue
        found.append(Signature(Statement(name, version, digest), match[3] + b"\n"))
    return found


def with_signature(data: bytes, signature: Signature) -> bytes:
    """The `pack.sig` with one more signature; it is kept once."""
    said = signature.statement
    block = f"name: {said.name}\nversion: {said.version}\n".encode() + signature.armour.strip() + b"\n"
    return data if block in data else data + block


def merged(data: bytes, more: bytes) -> bytes:
    """The `pack.sig` with the signatures of two; each once, those of the first first."""
    blocks = [match[0] for match in _BLOCK.finditer(data)]
    return b"".join(dict.fromkeys([*blocks, *(match[0] for match in _BLOCK.finditer(more))]))
