"""Fetching over http: bounded, encrypted but for this machine, and without telling one host another's secrets."""

from __future__ import annotations

import base64
import http.client
import json
import os
import re
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from msgspec import Struct, field

from polcheck.base.safe_open import reason_of
from polcheck.packs.sources import FetchError, is_loopback

_SECONDS = 60.0  # without a byte
_LONGEST = 600.0
_CHUNK = 1 << 20
_REDIRECTS = 5
_MOVED = (301, 302, 303, 307, 308)


class Response(Struct, frozen=True):
    """A server's response; header names are lowercase."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str


class Request(Struct, frozen=True):
    """A request to a server. More than `most` bytes of a response are refused."""

    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    most: int = 64 * 1024 * 1024


class _Unmoved(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object, **__: object) -> None:
        """Leaves redirects to `ask`, which looks where they lead."""
        return


def ask(request: Request) -> Response:
    """Return the answer, whatever its status; redirects of reading requests are followed.

    Raises FetchError when there is none, when it is too long, or when it leads from an encrypted place to a plain one.
    """
    for _ in range(_REDIRECTS + 1):
        response = _asked(request)
        target = response.headers.get("location")
        if response.status not in _MOVED or not target or request.method not in ("GET", "HEAD"):
            return response
        request = _moved(request, urljoin(request.url, target))
    raise FetchError(f"{printable_url(request.url)} redirects more than {_REDIRECTS} times")


def fetched(url: str, most: int) -> bytes:
    """Return the content at a URL. Raises FetchError when there is none or it is over `most` bytes."""
    response = ask(Request(url, most=most))
    if response.status != http.client.OK:
        raise FetchError(f"{printable_url(url)} answered {response.status}")
    return response.body


def printable_url(url: str) -> str:
    """Return a URL without its query, which may hold secrets."""
    return url.partition("?")[0]


def _moved(request: Request, url: str) -> Request:
    old, new = urlsplit(request.url), urlsplit(url)
    if new.scheme not in ("http", "https") or (new.scheme == "http" and not is_loopback(new.hostname or "")):
        raise FetchError(f"{printable_url(request.url)} redirects to {printable_url(url)}, which is not encrypted")
    if is_loopback(new.hostname or "") and not is_loopback(old.hostname or ""):
        raise FetchError(f"{printable_url(request.url)} redirects to this machine")
    same = (old.scheme, old.netloc) == (new.scheme, new.netloc)
    headers = {name: value for name, value in request.headers.items() if same or name.lower() != "authorization"}
    return Request(url, request.method, headers, None, request.most)


def _asked(request: Request) -> Response:
    handlers: list[urllib.request.BaseHandler] = [_Unmoved()]
    if is_loopback(urlsplit(request.url).hostname or ""):
        handlers.append(urllib.request.ProxyHandler({}))
    opener = urllib.request.build_opener(*handlers)
    headers = {"User-Agent": "polcheck", "Accept-Encoding": "identity", **request.headers}
    try:
        # NOTE: sources and redirects are http or https by now: no file is opened by this
        result = urllib.request.Request(request.url, request.body, headers, method=request.method)
        with opener.open(result, timeout=_SECONDS) as answer:
            return _response(request, answer.status, answer.headers, _body(request, answer))
    except urllib.error.HTTPError as error:
        with error:
            return _response(request, error.code, error.headers, _body(request, error))
    except urllib.error.URLError as error:
        reason = error.reason if isinstance(error.reason, OSError) else OSError(str(error.reason))
        raise FetchError(f"{printable_url(request.url)} can't be reached: {reason_of(reason)}") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise FetchError(
            f"{printable_url(request.url)} broke off: {str(error).lower() or type(error).__name__}"
        ) from error


def _body(request: Request, answer: http.client.HTTPResponse | urllib.error.HTTPError) -> bytes:
    if request.method == "HEAD":
        return b""
    parts: list[bytes] = []
    left = request.most + 1
    until = time.monotonic() + _LONGEST
    while left > 0 and (part := answer.read1(min(left, _CHUNK))):
        parts.append(part)
        left -= len(part)
        if time.monotonic() > until:
            raise FetchError(f"{printable_url(request.url)} takes longer than {_LONGEST:.0f} seconds")
    data = b"".join(parts)
    if len(data) > request.most:
        raise FetchError(f"{printable_url(request.url)} gives more than {request.most} bytes")
    length = answer.headers.get("Content-Length", "")
    if length.isdigit() and int(length) != len(data):
        raise FetchError(f"{printable_url(request.url)} broke off: {len(data)} bytes of {length}")
    return data


def _response(request: Request, status: int, headers: Message, body: bytes) -> Response:
    return Response(status, {name.lower(): value for name, value in headers.items()}, body, request.url)


# NOTE: begun at the first letter of a name only, and without going back: a server may send a very long one
_PARAMETER = re.compile(r'(?<![a-zA-Z_])([a-zA-Z_]++)="([^"]*+)"')
_HELPER = re.compile(r"[A-Za-z0-9._-]+")
_HELPER_SECONDS = 30


class Login(Struct, frozen=True):
    """A user and a password; the user `<token>` says that the password is a token to refresh."""

    user: str
    password: str

    def __repr__(self) -> str:
        return f"Login({self.user!r})"  # NOTE: the password is nobody's to read


def login_for(host: str) -> Login | None:
    """Return the credentials for the registry at `host`; None where `docker login` left none that can be read."""
    config = _config()
    helpers = config.get("credHelpers")
    helper = (helpers.get(host) if isinstance(helpers, dict) else None) or config.get("credsStore")
    if isinstance(helper, str) and _HELPER.fullmatch(helper):
        result = _of_helper(helper, host)
        if result:
            return result
    auths = config.get("auths")
    entry = auths.get(host) or auths.get(f"https://{host}") if isinstance(auths, dict) else None
    return _of_entry(entry) if isinstance(entry, dict) else None


def basic(login: Login) -> str:
    """Return the header by which a user says who they are."""
    return "Basic " + base64.b64encode(f"{login.user}:{login.password}".encode()).decode("ascii")


def parameters(challenge: str) -> dict[str, str]:
    """Return the parameters of a WWW-Authenticate header."""
    return {name.lower(): value for name, value in _PARAMETER.findall(challenge)}


def _config() -> dict[str, Any]:
    folder = os.environ.get("DOCKER_CONFIG")
    path = Path(folder) if folder else Path.home() / ".docker"
    try:
        result = json.loads((path / "config.json").read_bytes())
    except (OSError, ValueError, RuntimeError):
        return {}
    return result if isinstance(result, dict) else {}


def _of_entry(entry: dict[str, Any]) -> Login | None:
    if isinstance(entry.get("identitytoken"), str) and entry["identitytoken"]:
        return Login("<token>", entry["identitytoken"])
    try:
        user, colon, password = base64.b64decode(entry.get("auth") or "", validate=True).decode().partition(":")
    except (ValueError, TypeError):
        return None
    return Login(user, password) if colon else None


def _of_helper(helper: str, host: str) -> Login | None:
    """Return the credentials from docker's credential helper. NOTE: the user's own file names it, no pack does."""
    try:
        done = subprocess.run(
            [f"docker-credential-{helper}", "get"],
            input=host.encode(),
            capture_output=True,
            check=False,
            timeout=_HELPER_SECONDS,
        )
        message = json.loads(done.stdout) if done.returncode == 0 else {}
        return Login(message["Username"], message["Secret"]) if message else None
    except (OSError, subprocess.TimeoutExpired, ValueError, LookupError, TypeError):
        return None
