"""A pack from git over https is never asked for in the clear, wherever the server leads."""

from __future__ import annotations

import shutil
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from gits import git
from polcheck.packs.git import refs_of
from polcheck.packs.sources import FetchError, Git

HOST = "localhost"


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Says nothing."""


@pytest.fixture
def served(tmp_path: Path) -> Path:
    """A bare repository as plain files."""
    (tmp_path / "r").mkdir()
    (tmp_path / "r/pack.yaml").write_text("name: p\nversion: 1.0.0\n")
    git(tmp_path / "r", "init", "-q")
    git(tmp_path / "r", "add", ".")
    git(tmp_path / "r", "commit", "-qm", "x")
    git(tmp_path, "clone", "-q", "--bare", "r", "served/r.git")
    git(tmp_path / "served/r.git", "update-server-info")
    return tmp_path / "served"


Secure = Callable[[Callable[..., BaseHTTPRequestHandler]], str]


@pytest.fixture
def secure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Secure]:
    """Starts servers of https whose certificate git accepts."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    key, certificate = tmp_path / "k.pem", tmp_path / "c.pem"
    made = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={HOST}"]
    names = ["-addext", f"subjectAltName=DNS:{HOST}"]
    subprocess.run(["openssl", *made, *names, "-keyout", key, "-out", certificate], capture_output=True, check=True)
    monkeypatch.setenv("GIT_SSL_CAINFO", str(certificate))
    monkeypatch.setenv("no_proxy", HOST)
    for name in ("https_proxy", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    servers: list[ThreadingHTTPServer] = []

    def started(handler: Callable[..., BaseHTTPRequestHandler]) -> str:
        server = ThreadingHTTPServer((HOST, 0), handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        servers.append(server)
        return f"https://{HOST}:{server.server_port}"

    yield started
    for server in servers:
        server.shutdown()
        server.server_close()


def leading_to(target: str) -> type[BaseHTTPRequestHandler]:
    """What answers each request by leading to the same path elsewhere."""

    class Elsewhere(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """Leads away."""
            self.send_response(301)
            self.send_header("Location", target + self.path)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Says nothing."""

    return Elsewhere


def files_in(folder: Path) -> Callable[..., BaseHTTPRequestHandler]:
    """What answers from a folder."""
    return lambda *arguments: _Quiet(*arguments, directory=str(folder))


def test_https_leads_to_https(served: Path, secure: Secure) -> None:
    """As where a repository was renamed."""
    there = secure(files_in(served))
    assert "HEAD" in refs_of(Git(f"{secure(leading_to(there))}/r.git"))


def test_https_leads_to_nothing_else(served: Path, secure: Secure, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy for plain http, which anybody on the way could be, is never asked."""
    asked: list[str] = []

    class Plain(_Quiet):
        def do_GET(self) -> None:
            """Notes that it was asked."""
            asked.append(self.path)
            super().do_GET()

    plain = ThreadingHTTPServer((HOST, 0), lambda *arguments: Plain(*arguments, directory=str(served)))
    threading.Thread(target=plain.serve_forever, args=(0.02,), daemon=True).start()
    monkeypatch.setenv("http_proxy", f"http://{HOST}:{plain.server_port}")
    try:
        with pytest.raises(FetchError, match="can't get"):
            refs_of(Git(f"{secure(leading_to('http://packs.example'))}/r.git"))
    finally:
        plain.shutdown()
        plain.server_close()
    assert not asked
