"""Who one is to a registry: what `docker login` left, in its file or with its helper."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
from dataclasses import field
from pathlib import Path
from typing import Any

from polcheck.records import record

_PARAMETER = re.compile(r'([a-zA-Z_]+)="([^"]*)"')
_HELPER = re.compile(r"[A-Za-z0-9._-]+")
_SECONDS = 30


@record(frozen=True)
class Login:
    """A user and a password; the user `<token>` says that the password is a token to refresh."""

    user: str
    password: str = field(repr=False)


def login_for(host: str) -> Login | None:
    """Who one is to the registry at `host`; None where `docker login` left nothing that can be read."""
    config = _config()
    helpers = config.get("credHelpers")
    helper = (helpers.get(host) if isinstance(helpers, dict) else None) or config.get("credsStore")
    if isinstance(helper, str) and _HELPER.fullmatch(helper):
        found = _of_helper(helper, host)
        if found:
            return found
    auths = config.get("auths")
    entry = auths.get(host) or auths.get(f"https://{host}") if isinstance(auths, dict) else None
    return _of_entry(entry) if isinstance(entry, dict) else None


def basic(login: Login) -> str:
    """The header by which a user says who they are."""
    return "Basic " + base64.b64encode(f"{login.user}:{login.password}".encode()).decode("ascii")


def parameters(challenge: str) -> dict[str, str]:
    """The parameters of a WWW-Authenticate header."""
    return {name.lower(): value for name, value in _PARAMETER.findall(challenge)}


def _config() -> dict[str, Any]:
    folder = os.environ.get("DOCKER_CONFIG")
    path = Path(folder) if folder else Path.home() / ".docker"
    try:
        found = json.loads((path / "config.json").read_bytes())
    except (OSError, ValueError, RuntimeError):
        return {}
    return found if isinstance(found, dict) else {}


def _of_entry(entry: dict[str, Any]) -> Login | None:
    if isinstance(entry.get("identitytoken"), str) and entry["identitytoken"]:
        return Login("<token>", entry["identitytoken"])
    try:
        user, colon, password = base64.b64decode(entry.get("auth") or "", validate=True).decode().partition(":")
    except (ValueError, TypeError):
        return None
    return Login(user, password) if colon else None


def _of_helper(helper: str, host: str) -> Login | None:
    """What the program that docker is told to ask says. NOTE: the user's own file names it, no pack does."""
    try:
        done = subprocess.run(
            [f"docker-credential-{helper}", "get"],
            input=host.encode(),
            capture_output=True,
            check=False,
            timeout=_SECONDS,
        )
        said = json.loads(done.stdout) if done.returncode == 0 else {}
        return Login(said["Username"], said["Secret"]) if said else None
    except (OSError, subprocess.TimeoutExpired, ValueError, LookupError, TypeError):
        return None
