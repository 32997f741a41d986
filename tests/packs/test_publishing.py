"""Archives that come out the same, registries that ask who one is, and what may not be published."""

from __future__ import annotations

import base64
import gzip
import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pack_files import ROOT
from packs.conftest import Polcheck
from packs.places import OciPlace, Registry, Web, pack, write
from polcheck.packs.archive import compressed, packed, unpacked
from polcheck.packs.http import Request, ask
from polcheck.packs.sources import FetchError
from polcheck.policy.pack_files import PackFiles

# the password `secret`, as bcrypt keeps it
HTPASSWD = "me:$2b$05$b2GuEyNvxjgNfqtP4l/nruR9hpA4N2D/GPb3kZ73tKkrnQo3oJGBS\n"


def test_the_same_content_gives_the_same_bytes(polcheck: Polcheck, tmp_path: Path) -> None:
    """Neither times, modes, order nor hash seeds show in an archive."""
    digests = set()
    for seed, mode, reverse in (("0", 0o600, False), ("7", 0o755, True)):
        files = pack(README="x", tables__a_yaml="[]\n")
        folder = write(tmp_path / seed, dict(sorted(files.items(), reverse=reverse)))
        for file in folder.rglob("*.yaml"):
            file.chmod(mode)
            os.utime(file, (mode, mode))
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "engine"), "PYTHONHASHSEED": seed, "TZ": f"UTC-{seed}"}
        command = [sys.executable, "-m", "polcheck", "pack", "build", str(folder), "-o", str(tmp_path)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        assert done.stdout == f"{tmp_path}/acme-1.0.0.tar.gz\n"
        digests.add(done.stderr)
        data = (tmp_path / "acme-1.0.0.tar.gz").read_bytes()
        assert data[3:10] == bytes(5) + b"\x02\xff"
    assert len(digests) == 1
    with tarfile.open(tmp_path / "acme-1.0.0.tar.gz") as archive:
        assert {(m.mtime, m.uid, m.gid, m.uname, m.mode) for m in archive} == {(0, 0, 0, "", 0o644)}
        assert archive.getnames() == sorted(archive.getnames())
    polcheck("pack", "add", "../acme-1.0.0.tar.gz")
    polcheck("run", status=1)


@given(
    st.dictionaries(
        st.from_regex(r"[a-zä](?:[a-z .-]{0,8}[a-z])?(?:/[a-zéß][a-z]{0,120}){0,2}", fullmatch=True),
        st.binary(max_size=300),
        max_size=6,
    )
)
def test_an_archive_gives_the_pack_back(files: dict[str, bytes]) -> None:
    """Whatever the files are called and hold, content and digest come back."""
    folders = {path.rpartition("/")[0] for path in files} | {p.partition("/")[0] for p in files if p.count("/") > 1}
    own = {path: data for path, data in files.items() if path not in folders and path != "pack.sig"}
    content = {"pack.yaml": b"name: a\n", **{p: d for p, d in own.items() if not any(f"{p}/" in q for q in own)}}
    made = unpacked(compressed(packed(content, b"signature", "a-1")), "a")
    assert made.files == content
    assert made.digest == PackFiles("", content).digest
    assert made.signatures == b"signature"


@given(st.binary(max_size=5000))
def test_gzip_of_our_own_is_gzip(data: bytes) -> None:
    """Python's gzip reads what is written without it."""
    assert gzip.decompress(compressed(data)) == data


def test_a_broken_pack_is_not_published(polcheck: Polcheck, tmp_path: Path) -> None:
    """What can't be used is neither built nor signed."""
    folder = write(tmp_path / "broken", {**pack(), "policies/p.yaml": "id: x\n"})
    assert "`title` is missing" in polcheck("pack", "build", str(folder), status=2).err
    assert "`title` is missing" in polcheck("pack", "sign", str(folder), "-k", "x", status=2).err
    write(folder, {**pack("1/2")})
    assert "can't be part of a file's name" in polcheck("pack", "build", str(folder), status=2).err


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[OciPlace]:
    """A registry on this machine."""
    place = OciPlace(tmp_path / "registry")
    yield place
    place.stop()


def test_a_tag_is_not_moved_by_accident(registry: OciPlace, polcheck: Polcheck, tmp_path: Path) -> None:
    """The same pack can be pushed again; another under its tag only with --move."""
    folder, target = str(write(tmp_path / "pack", pack())), registry.source.replace(":stable", "")
    first = polcheck("pack", "push", folder, target).out
    assert first.startswith(f"{target}:1.0.0@sha256:")
    assert polcheck("pack", "push", folder, f"{target}:1.0.0").out == first
    write(tmp_path / "pack", pack("1.0.0", "exit(...)"))
    assert "is there already, with other content" in polcheck("pack", "push", folder, target, status=2).err
    assert polcheck("pack", "push", folder, target, "--move").out != first


def test_something_else_in_a_registry_is_no_pack(registry: OciPlace, polcheck: Polcheck) -> None:
    """An image, or a list of images, is told as what it isn't."""
    from polcheck.packs.lock import digest_of
    from polcheck.packs.oci import EMPTY, MANIFEST_TYPE
    from polcheck.packs.oci import Registry as Client
    from polcheck.packs.sources import Oci, parse

    registry.publish(pack())
    source = parse(registry.source)
    assert isinstance(source, Oci)
    layer = {"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": digest_of(EMPTY), "size": len(EMPTY)}
    config = {**layer, "mediaType": "application/vnd.oci.image.config.v1+json"}
    image = {"schemaVersion": 2, "mediaType": MANIFEST_TYPE, "config": config, "layers": [layer]}
    Client(source).put_manifest(json.dumps(image).encode(), "image")
    error = polcheck("pack", "add", registry.source.replace("stable", "image"), status=2).err
    assert "is not a pack" in error


def test_a_registry_that_asks_for_a_password(polcheck: Polcheck, tmp_path: Path) -> None:
    """Who one is stands where `docker login` left it; without it, the registry's question is told."""
    password_file = tmp_path / "htpasswd"
    password_file.write_text(HTPASSWD)
    registry = Registry(tmp_path / "closed", f"auth: {{htpasswd: {{realm: r, path: {password_file}}}}}\n")
    try:
        folder, target = str(write(tmp_path / "pack", pack())), f"oci://{registry.host}/acme:1"
        error = polcheck("pack", "push", folder, target, status=2).err
        assert f"log in with `docker login {registry.host}`" in error
        login = base64.b64encode(b"me:secret").decode()
        write(tmp_path / "docker", {"config.json": json.dumps({"auths": {registry.host: {"auth": login}}})})
        polcheck("pack", "push", folder, target)
        polcheck("pack", "add", target)
        polcheck("run", status=1)
        text = Path("polcheck.lock").read_text() + Path("polcheck.yaml").read_text()
        assert "secret" not in text and login not in text
    finally:
        registry.stop()


class _Tokens(BaseHTTPRequestHandler):
    """A registry in front of another one, that wants a token of a server of its own."""

    seen: list[str]

    def __init__(self, *arguments: Any, behind: str, seen: list[str]) -> None:
        self.behind = behind
        self.seen = seen
        super().__init__(*arguments)

    def do_GET(self) -> None:
        """Gives tokens, and lets only those with one pass."""
        me = f"http://{self.headers['Host']}"
        said = self.headers.get("Authorization", "")
        self.seen.append(f"{self.path.partition('?')[0]} {said.partition(' ')[0]}")
        if self.path.startswith("/token"):
            self.answer(200, {}, json.dumps({"token": "t0ken"}).encode())
        elif said != "Bearer t0ken":
            self.answer(
                401, {"WWW-Authenticate": f'Bearer realm="{me}/token",service="s",scope="repository:acme:pull"'}
            )
        elif "/blobs/" in self.path:
            self.answer(307, {"Location": f"{self.behind}{self.path}"})
        else:
            there = ask(Request(self.behind + self.path, headers={"Accept": self.headers.get("Accept", "")}))
            self.answer(there.status, {"Content-Type": there.headers["content-type"]}, there.body)

    def answer(self, status: int, headers: dict[str, str], body: bytes = b"") -> None:
        """Sends an answer."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


def test_a_registry_that_asks_for_a_token(registry: OciPlace, polcheck: Polcheck) -> None:
    """A token is fetched once and used; where blobs lie elsewhere, it isn't told there."""
    registry.publish(pack())
    seen: list[str] = []
    web = Web(partial(_Tokens, behind=f"http://{registry.registry.host}", seen=seen))
    try:
        polcheck("pack", "add", f"oci://{web.url.removeprefix('http://')}/acme/policies:stable")
        polcheck("run", status=1)
    finally:
        web.stop()
    assert sum(path.startswith("/token") for path in seen) <= 2
    assert any(path.endswith("Bearer") and "/blobs/" in path for path in seen)


class _Answers(BaseHTTPRequestHandler):
    """A server that answers with what its path says."""

    def __init__(self, *arguments: Any, seen: dict[str, str]) -> None:
        self.seen = seen
        super().__init__(*arguments)

    def do_GET(self) -> None:
        """Redirects, or breaks off, or gives too much."""
        self.seen[self.path] = self.headers.get("Authorization", "")
        status, location, length, body = {
            "/plain": (302, "http://h.example/x", 0, b""),
            "/file": (302, "file:///etc/passwd", 0, b""),
            "/circle": (302, "/circle", 0, b""),
            "/short": (200, "", 100, b"x" * 10),
            "/long": (200, "", 100, b"x" * 100),
            "/hop": (302, "/end", 0, b""),
            "/end": (200, "", 2, b"ok"),
            "/away": (302, f"http://localhost:{self.headers['Host'].rpartition(':')[2]}/end", 0, b""),
        }[self.path]
        self.send_response(status)
        if location:
            self.send_header("Location", location)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


@pytest.fixture
def answers() -> Iterator[tuple[str, dict[str, str]]]:
    """The server's URL, and what it was told."""
    seen: dict[str, str] = {}
    web = Web(partial(_Answers, seen=seen))
    yield web.url, seen
    web.stop()


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/plain", "not encrypted"),
        ("/file", "not encrypted"),
        ("/circle", "redirects more than"),
        ("/short", "broke off"),
        ("/long", "more than 50 bytes"),
    ],
)
def test_what_a_server_may_not_do(answers: tuple[str, dict[str, str]], path: str, said: str) -> None:
    """Redirects to plain or local places, endless ones, and answers too short or too long are refused."""
    with pytest.raises(FetchError, match=said):
        ask(Request(answers[0] + path, most=50))


def test_secrets_stay_with_their_host(answers: tuple[str, dict[str, str]]) -> None:
    """A redirect within a host keeps the authorization, one to another host doesn't."""
    url, seen = answers
    assert ask(Request(f"{url}/hop", headers={"Authorization": "x"})).body == b"ok"
    assert seen["/end"] == "x"
    assert ask(Request(f"{url}/away", headers={"Authorization": "x"})).body == b"ok"
    assert (seen["/away"], seen["/end"]) == ("x", "")
