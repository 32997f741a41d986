"""Who may publish which packs: `trusted:` of polcheck.yaml."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date
from fnmatch import fnmatchcase

from polcheck.errors import PolcheckError
from polcheck.records import record
from polcheck.sharing.statement import Signature, signatures_in

_KEY = re.compile(r"((?:sk-)?(?:ssh|ecdsa)-[a-z0-9@.-]+) ([A-Za-z0-9+/]+={0,2})(?: .*)?")
Verify = Callable[[Signature, str], bool]


class Untrusted(PolcheckError):
    """A pack that nobody who may publish it has signed."""


@record(frozen=True)
class Publisher:
    """Keys that may publish packs of these names, up to and with the day `expires`, if there is one."""

    packs: tuple[str, ...]
    keys: tuple[str, ...]
    expires: date | None = None

    def may_publish(self, name: str) -> bool:
        """Whether a pack of this name is the publisher's."""
        return any(fnmatchcase(name, pattern) for pattern in self.packs)


@record(frozen=True)
class Trust:
    """Every publisher of a project; with none, nothing has to be signed."""

    publishers: tuple[Publisher, ...] = ()
    today: date = date.min

    def check(self, what: str, data: bytes, digest: str, verify: Verify) -> Signature | None:
        """The signature by which the content with this digest is trusted; None where nothing has to be signed.

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
        """Why a signature doesn't count; empty when it does."""
        name = signature.statement.name
        own = [publisher for publisher in self.publishers if publisher.may_publish(name)]
        if not own:
            return f"`trusted` names nobody who may publish `{name}`"
        late = ""
        for publisher in own:
            if not any(verify(signature, key) for key in publisher.keys):
                continue
            if publisher.expires is None or self.today <= publisher.expires:
                return ""
            late = f"the key that signed `{name}` counted until {publisher.expires}"
        return late or f"no key that may publish `{name}` signed this content"


def public_keys(text: str, where: str) -> tuple[str, ...]:
    """The public keys in a text, one a line, without their comments. Raises PolcheckError for anything else."""
    keys = tuple(_plain_key(line, where) for line in _lines(text))
    if not keys:
        raise PolcheckError(f"{where} holds no public key")
    return keys


def is_key(text: str) -> bool:
    """Whether a text is a public key and not the path of a file of them."""
    return _KEY.fullmatch(text.strip()) is not None


def _lines(text: str) -> Iterable[str]:
    return (line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#"))


def _plain_key(line: str, where: str) -> str:
    match = _KEY.fullmatch(line)
    if match is None:
        raise PolcheckError(f"{where}: `{line[:60]}` is not a public key\nhelp: write `ssh-ed25519 AAAA…`")
    return f"{match[1]} {match[2]}"
