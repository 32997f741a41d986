"""Fetching over http: bounded, encrypted but for this machine, and without telling one host another's secrets."""

from __future__ import annotations

import http.client
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import field
from email.message import Message
from urllib.parse import urljoin, urlsplit

from polcheck.disk.regular import reason_of
from polcheck.records import record
from polcheck.sharing.sources import FetchError, is_loopback

_SECONDS = 60.0  # without a byte
_LONGEST = 600.0
_CHUNK = 1 << 20
_REDIRECTS = 5
_MOVED = (301, 302, 303, 307, 308)


@record(frozen=True)
class Response:
    """What a server answered; header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str


@record(frozen=True)
class Request:
    """What is asked of a server. More than `most` bytes of an answer are refused."""

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
    """The answer, whatever its status; redirects of reading requests are followed.

    Raises FetchError when there is none, when it is too long, or when it leads from an encrypted place to a plain one.
    """
    for _ in range(_REDIRECTS + 1):
        response = _asked(request)
        target = response.headers.get("location")
        if response.status not in _MOVED or not target or request.method not in ("GET", "HEAD"):
            return response
        request = _moved(request, urljoin(request.url, target))
    raise FetchError(f"{shown(request.url)} redirects more than {_REDIRECTS} times")


def fetched(url: str, most: int) -> bytes:
    """The content at a URL. Raises FetchError when there is none or it is over `most` bytes."""
    response = ask(Request(url, most=most))
    if response.status != http.client.OK:
        raise FetchError(f"{shown(url)} answered {response.status}")
    return response.body


def shown(url: str) -> str:
    """A URL without its query, which may hold secrets."""
    return url.partition("?")[0]


def _moved(request: Request, url: str) -> Request:
    old, new = urlsplit(request.url), urlsplit(url)
    if new.scheme not in ("http", "https") or (new.scheme == "http" and not is_loopback(new.hostname or "")):
        raise FetchError(f"{shown(request.url)} redirects to {shown(url)}, which is not encrypted")
    if is_loopback(new.hostname or "") and not is_loopback(old.hostname or ""):
        raise FetchError(f"{shown(request.url)} redirects to this machine")
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
        made = urllib.request.Request(request.url, request.body, headers, method=request.method)
        with opener.open(made, timeout=_SECONDS) as answer:
            return _response(request, answer.status, answer.headers, _body(request, answer))
    except urllib.error.HTTPError as error:
        with error:
            return _response(request, error.code, error.headers, _body(request, error))
    except urllib.error.URLError as error:
        reason = error.reason if isinstance(error.reason, OSError) else OSError(str(error.reason))
        raise FetchError(f"{shown(request.url)} can't be reached: {reason_of(reason)}") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise FetchError(f"{shown(request.url)} broke off: {str(error).lower() or type(error).__name__}") from error


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
            raise FetchError(f"{shown(request.url)} takes longer than {_LONGEST:.0f} seconds")
    data = b"".join(parts)
    if len(data) > request.most:
        raise FetchError(f"{shown(request.url)} gives more than {request.most} bytes")
    length = answer.headers.get("Content-Length", "")
    if length.isdigit() and int(length) != len(data):
        raise FetchError(f"{shown(request.url)} broke off: {len(data)} bytes of {length}")
    return data


def _response(request: Request, status: int, headers: Message, body: bytes) -> Response:
    return Response(status, {name.lower(): value for name, value in headers.items()}, body, request.url)
