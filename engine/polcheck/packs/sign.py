"""Signatures, and the publishers of `trusted:` in polcheck.yaml who may sign which packs."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Callable, Iterable
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path

from msgspec import Struct

from polcheck.base.errors import PolcheckError
from polcheck.base.safe_open import reason_of

SIGNATURES = "pack.sig"  # beside pack.yaml, and not part of the content that it signs
NAMESPACE = "polcheck-pack"  # of ssh-keygen -Y: a signature made for git or for mail is none of a pack
_HEAD = "polcheck-pack-signature 1"
_BLOCK = re.compile(
    rb"name: ([^\r\n]{1,200})\nversion: ([^\r\n]{1,200})\n"
    rb"(-----BEGIN SSH SIGNATURE-----\n[A-Za-z0-9+/=\n]{1,20000}-----END SSH SIGNATURE-----)\n"
)


class Statement(Struct, frozen=True):
    """A publisher's statement about content: it is this pack in this version."""

    name: str
    version: str
    digest: str

    @property
    def message(self) -> bytes:
        """The bytes that are signed. INVARIANT: name and version are single lines, so that no two say the same."""
        return f"{_HEAD}\nname: {self.name}\nversion: {self.version}\ndigest: {self.digest}\n".encode()


class Signature(Struct, frozen=True):
    """A statement and the SSH signature under it, in its armour."""

    statement: Statement
    armour: bytes


def signatures_in(data: bytes, digest: str) -> list[Signature]:
    """Return the signatures of a `pack.sig` over the content with this digest; what is none of it is passed over."""
    results = []
    for match in _BLOCK.finditer(data):
        try:
            name, version = match[1].decode(), match[2].decode()
        except UnicodeDecodeError:
            continue
        results.append(Signature(Statement(name, version, digest), match[3] + b"\n"))
    return results


def with_signature(data: bytes, signature: Signature) -> bytes:
    """Return the `pack.sig` with one more signature; it is kept once."""
    message = signature.statement
    block = f"name: {message.name}\nversion: {message.version}\n".encode() + signature.armour.strip() + b"\n"
    return data if block in data else data + block


def merged(data: bytes, more: bytes) -> bytes:
    """Return the `pack.sig` with the signatures of two; each once, those of the first first."""
    blocks = [match[0] for match in _BLOCK.finditer(data)]
    return b"".join(dict.fromkeys([*blocks, *(match[0] for match in _BLOCK.finditer(more))]))


_KEY = re.compile(r"((?:sk-)?(?:ssh|ecdsa)-[a-z0-9@.-]+) ([A-Za-z0-9+/]+={0,2})(?: .*)?")
Verify = Callable[[Signature, str], bool]


class Untrusted(PolcheckError):
    """A pack that nobody who may publish it has signed."""


class Publisher(Struct, frozen=True):
    """Keys that may publish packs of these names, up to and with the day `expires`, if there is one."""

    packs: tuple[str, ...]
    keys: tuple[str, ...]
    expires: date | None = None

    def may_publish(self, name: str) -> bool:
        """Return whether a pack of this name is the publisher's."""
        return any(fnmatchcase(name, pattern) for pattern in self.packs)


class Trust(Struct, frozen=True):
    """Every publisher of a project; with none, nothing has to be signed."""

    publishers: tuple[Publisher, ...] = ()
    today: date = date.min

    def check(self, what: str, data: bytes, digest: str, verify: Verify) -> Signature | None:
        """Return the signature by which the content with this digest is trusted; None where nothing has to be
        signed.

        `data` is its `pack.sig`. Raises Untrusted when no publisher of the pack that it says it is signed it.
        """
        if not self.publishers:
            return None
        signatures = signatures_in(data, digest)
        if not signatures:
            raise Untrusted(f"the pack from `{what}` is not signed, and `trusted` asks for it")
        reasons: list[str] = []
        for signature in signatures:
            reason = self._refusal(signature, verify)
            if not reason:
                return signature
            reasons.append(reason)
        raise Untrusted(f"the pack from `{what}` is not trusted: {'; '.join(dict.fromkeys(reasons))}")

    def _refusal(self, signature: Signature, verify: Verify) -> str:
        """Return the reason why a signature doesn't count; empty when it does."""
        name = signature.statement.name
        own = [publisher for publisher in self.publishers if publisher.may_publish(name)]
        if not own:
            return f"`trusted` names no publisher for `{name}`"
        late = ""
        for publisher in own:
            if not any(verify(signature, key) for key in publisher.keys):
                continue
            if publisher.expires is None or self.today <= publisher.expires:
                return ""
            late = f"the key that signed `{name}` expired on {publisher.expires}"
        return late or f"no key that may publish `{name}` signed this content"


def public_keys(text: str, where: str) -> tuple[str, ...]:
    """Return the public keys in a text, one a line, without their comments. Raises PolcheckError for anything else."""
    keys = tuple(_plain_key(line, where) for line in _lines(text))
    if not keys:
        raise PolcheckError(f"{where} holds no public key")
    return keys


def is_key(text: str) -> bool:
    """Return whether a text is a public key and not the path of a file of them."""
    return _KEY.fullmatch(text.strip()) is not None


def _lines(text: str) -> Iterable[str]:
    return (line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#"))


def _plain_key(line: str, where: str) -> str:
    match = _KEY.fullmatch(line)
    if match is None:
        raise PolcheckError(f"{where}: `{line[:60]}` is not a public key\nhelp: write `ssh-ed25519 AAAA…`")
    return f"{match[1]} {match[2]}"


_SECONDS = 120
_WHO = "publisher"


def signed(statement: Statement, key: str) -> Signature:
    """Return the signature of a statement with the private key in a file, or by the agent that holds its public
    key.

    Raises PolcheckError when ssh-keygen can't sign.
    """
    if not Path(key).is_file():
        raise PolcheckError(f"there is no key `{key}`")
    # NOTE: the terminal stays ssh-keygen's own, on which it asks for a passphrase
    done = _ssh_keygen("sign", "-q", "-f", key, data=statement.message)
    if done.returncode or b"BEGIN SSH SIGNATURE" not in done.stdout:
        message = done.stderr.decode("utf-8", "replace").strip().partition("\n")[0]
        raise PolcheckError(f"ssh-keygen can't sign with `{key}`: {message.strip().lower() or 'no reason given'}")
    return Signature(statement, done.stdout.strip() + b"\n")


def verifies(signature: Signature, key: str) -> bool:
    """Return whether the signature is by this public key. Raises PolcheckError when ssh-keygen isn't there."""
    with tempfile.TemporaryDirectory(prefix="polcheck-") as folder:
        allowed, armour = Path(folder, "allowed"), Path(folder, "signature")
        allowed.write_text(f'{_WHO} namespaces="{NAMESPACE}" {key}\n', "utf-8")
        armour.write_bytes(signature.armour)
        done = _ssh_keygen(
            "verify", "-f", str(allowed), "-I", _WHO, "-s", str(armour), data=signature.statement.message
        )
    return done.returncode == 0


def fingerprint(signature: Signature) -> str:
    """Return the fingerprint of the key that made a signature, whoever's it is; empty when it's none over this
    content.
    """
    with tempfile.TemporaryDirectory(prefix="polcheck-") as folder:
        armour = Path(folder, "signature")
        armour.write_bytes(signature.armour)
        done = _ssh_keygen("check-novalidate", "-s", str(armour), data=signature.statement.message)
    words = done.stdout.decode("utf-8", "replace").split()
    return next((word for word in words if word.startswith("SHA256:")), "") if done.returncode == 0 else ""


def _ssh_keygen(action: str, *arguments: str, data: bytes) -> subprocess.CompletedProcess[bytes]:
    command = ["ssh-keygen", "-Y", action, "-n", NAMESPACE, *arguments]
    try:
        return subprocess.run(command, input=data, capture_output=True, check=False, timeout=_SECONDS)
    except FileNotFoundError as error:
        raise PolcheckError("ssh-keygen is needed for signatures, and it is not installed (openssh-client)") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        why = reason_of(error) if isinstance(error, OSError) else "no answer"
        raise PolcheckError(f"ssh-keygen can't be run: {why}") from error
