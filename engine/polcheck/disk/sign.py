"""Signing and verifying with ssh-keygen, which everyone has who has git.

NOTE: the `sshsig` library knows Ed25519 and RSA keys only and brings `cryptography` along; ssh-keygen knows every kind,
keys on hardware and in agents too, and takes 5 ms.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from polcheck.disk.regular import reason_of
from polcheck.errors import PolcheckError
from polcheck.sharing.statement import NAMESPACE, Signature, Statement

_SECONDS = 120
_WHO = "publisher"


def signed(statement: Statement, key: str) -> Signature:
    """The signature of a statement with the private key in a file, or by the agent that holds its public key.

    Raises PolcheckError when ssh-keygen can't sign.
    """
    if not Path(key).is_file():
        raise PolcheckError(f"there is no key `{key}`")
    # NOTE: the terminal stays ssh-keygen's own, on which it asks for a passphrase
    done = _ssh_keygen("sign", "-q", "-f", key, data=statement.message)
    if done.returncode or b"BEGIN SSH SIGNATURE" not in done.stdout:
        said = done.stderr.decode("utf-8", "replace").strip().partition("\n")[0]
        raise PolcheckError(f"ssh-keygen can't sign with `{key}`: {said.strip().lower() or 'no reason given'}")
    return Signature(statement, done.stdout.strip() + b"\n")


def verifies(signature: Signature, key: str) -> bool:
    """Whether the signature is by this public key. Raises PolcheckError when ssh-keygen isn't there."""
    with tempfile.TemporaryDirectory(prefix="polcheck-") as folder:
        allowed, armour = Path(folder, "allowed"), Path(folder, "signature")
        allowed.write_text(f'{_WHO} namespaces="{NAMESPACE}" {key}\n', "utf-8")
        armour.write_bytes(signature.armour)
        done = _ssh_keygen(
            "verify", "-f", str(allowed), "-I", _WHO, "-s", str(armour), data=signature.statement.message
        )
    return done.returncode == 0


def fingerprint(signature: Signature) -> str:
    """The fingerprint of the key that made a signature, whoever's it is; empty when it's none over this content."""
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
