"""Real places that packs come from: folders, git repositories, registries and web servers on this machine."""

from __future__ import annotations

import io
import os
import shutil
import socket
import subprocess
import tarfile
import threading
import time
import urllib.request
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

Files = Mapping[str, str]
HOST = "127.0.0.1"


def pack(version: str = "1.0.0", pattern: str = "print(...)", severity: str = "error", **more: str) -> dict[str, str]:
    """The files of the pack `acme`, which forbids a pattern in Python files; `more` are further files."""
    return {
        "pack.yaml": f"name: acme\nversion: {version}\nlicense: MIT\nparams:\n  most: {{type: integer, default: 3}}\n",
        "policies/p.yaml": (
            f"id: no-print\ntitle: Nothing prints\nseverity: {severity}\n"
            f"forbid: {{files: '**/*.py', pattern: '{pattern}'}}\nmessage: it prints\n"
        ),
        **{name.replace("__", "/"): text for name, text in more.items()},
    }


def write(folder: Path, files: Files) -> Path:
    """Makes a folder hold just these files."""
    if folder.exists():
        for path in folder.iterdir():
            if path.name != ".git":
                shutil.rmtree(path) if path.is_dir() else path.unlink()
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return folder


class Place:
    """Where a pack is published; `source` is how projects name it, `kind` how the lock does."""

    source: str
    kind: str

    def publish(self, files: Files) -> None:
        """Puts these files where the source leads."""
        raise NotImplementedError

    def stop(self) -> None:
        """Takes the place off the net."""


class FolderPlace(Place):
    """A folder."""

    kind = "folder"

    def __init__(self, root: Path) -> None:
        self.folder = root / "acme"
        self.source = str(self.folder)

    def publish(self, files: Files) -> None:
        """Writes the folder."""
        write(self.folder, files)


def git(folder: Path, *arguments: str) -> str:
    """What git prints, with nobody's settings but ours."""
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    own = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    identity = {f"GIT_{who}_{what}": "a@b.invalid" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    nobody = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments], env={**own, **identity, **nobody}, capture_output=True, check=True
    )
    return done.stdout.decode().strip()


class GitPlace(Place):
    """A git repository, over file: what is published is committed to `main`, in the folder `web`."""

    kind = "git"

    def __init__(self, root: Path, rev: str = "main") -> None:
        self.work, self.bare = root / "work", root / "served" / "policies.git"
        self.work.mkdir(parents=True)
        self.bare.parent.mkdir(parents=True)
        git(self.work, "init", "--quiet", "--initial-branch=main")
        git(root, "init", "--quiet", "--bare", "--initial-branch=main", str(self.bare))
        self.rev = rev
        self.source = f"git+{self.url}@{rev}#subdirectory=web"

    @property
    def url(self) -> str:
        """The repository's URL."""
        return f"file://{self.bare}"

    def publish(self, files: Files, *, tag: str = "", rewrite: bool = False) -> None:
        """Commits the files and pushes; with `rewrite`, in place of the commit before."""
        write(self.work, {f"web/{name}": text for name, text in files.items()})
        git(self.work, "add", "--all")
        amend = ("--amend",) if rewrite else ()
        git(self.work, "commit", "--quiet", "--allow-empty", "-m", "more", *amend)
        git(self.work, "push", "--quiet", "--force", str(self.bare), "HEAD:main")
        if tag:
            git(self.work, "tag", "--force", "-a", "-m", tag, tag)
            git(self.work, "push", "--quiet", "--force", str(self.bare), f"refs/tags/{tag}")
        if rewrite:
            git(self.bare, "reflog", "expire", "--expire=now", "--all")
            git(self.bare, "gc", "--quiet", "--prune=now")
        git(self.bare, "update-server-info")

    @property
    def commit(self) -> str:
        """Where `main` is."""
        return git(self.bare, "rev-parse", "main")

    def stop(self) -> None:
        """Moves the repository away."""
        self.bare.rename(self.bare.with_name("gone.git"))


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Says nothing."""


class _Backend(BaseHTTPRequestHandler):
    """git's own http-backend, as web servers run it."""

    def __init__(self, *arguments: Any, root: str) -> None:
        self.root = root
        super().__init__(*arguments)

    def do_GET(self) -> None:
        """Answers with what git says."""
        path, _, query = self.path.partition("?")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        environment = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": self.root,
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "REQUEST_METHOD": self.command,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "REMOTE_ADDR": HOST,
        }
        done = subprocess.run(["git", "http-backend"], input=body, env=environment, capture_output=True, check=False)
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().splitlines())
        self.send_response(int(headers.pop("Status", "200").split()[0]))
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_GET

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


class Web:
    """A web server on this machine."""

    def __init__(self, handler: Any) -> None:
        self.server = ThreadingHTTPServer((HOST, 0), handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        self.url = f"http://{HOST}:{self.server.server_address[1]}"

    def stop(self) -> None:
        """Ends it."""
        self.server.shutdown()
        self.server.server_close()


class GitHttpPlace(GitPlace):
    """The same over http, with git's own protocol, or as plain files (`dumb`)."""

    def __init__(self, root: Path, *, dumb: bool = False) -> None:
        served = str(root / "served")
        handler = partial(_Quiet, directory=served) if dumb else partial(_Backend, root=served)
        self.web = Web(handler)
        super().__init__(root)

    @property
    def url(self) -> str:
        """The repository's URL."""
        return f"{self.web.url}/policies.git"

    def stop(self) -> None:
        """Ends the server."""
        with suppress(OSError):
            self.web.stop()


class ArchivePlace(Place):
    """An archive as a file."""

    kind = "archive"

    def __init__(self, root: Path, name: str = "acme.tar.gz") -> None:
        self.file = root / name
        self.source = str(self.file)

    def publish(self, files: Files) -> None:
        """Writes the archive, all of it in one folder, as forges do."""
        if self.file.suffix == ".zip":
            with zipfile.ZipFile(self.file, "w") as archive:
                for name, text in files.items():
                    archive.writestr(f"acme-main/{name}", text)
            return
        with tarfile.open(self.file, "w:gz") as tar:
            for name, text in files.items():
                entry = tarfile.TarInfo(f"acme-main/{name}")
                entry.size = len(text.encode())
                tar.addfile(entry, io.BytesIO(text.encode()))

    def stop(self) -> None:
        """Removes the file."""
        self.file.unlink()


class ArchiveHttpPlace(ArchivePlace):
    """The same behind a web server."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.web = Web(partial(_Quiet, directory=str(root)))
        self.source = f"{self.web.url}/{self.file.name}"

    def stop(self) -> None:
        """Ends the server."""
        with suppress(OSError):
            self.web.stop()


class Registry:
    """An OCI registry of Debian's, with its files in a folder."""

    def __init__(self, root: Path, auth: str = "") -> None:
        command = shutil.which("docker-registry")
        if command is None:
            pytest.skip("docker-registry is not installed")
        with socket.socket() as probe:
            probe.bind((HOST, 0))
            self.port = probe.getsockname()[1]
        self.host = f"{HOST}:{self.port}"
        root.mkdir(parents=True, exist_ok=True)
        self.files = root / "files"
        config = root / "config.yml"
        config.write_text(
            f"version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {self.files}}}}}\n"
            f"http: {{addr: '{self.host}'}}\n{auth}"
        )
        self.process = subprocess.Popen(
            [command, "serve", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for _ in range(200):
            with suppress(OSError), socket.create_connection((HOST, self.port), timeout=1):
                return
            time.sleep(0.05)
        self.stop()
        pytest.skip("docker-registry doesn't start here")

    def stop(self) -> None:
        """Ends it."""
        self.process.terminate()
        self.process.wait(20)

    def blob(self, digest: str) -> Path:
        """The file in which the registry keeps a blob."""
        plain = digest.removeprefix("sha256:")
        return self.files / "docker/registry/v2/blobs/sha256" / plain[:2] / plain / "data"


class OciPlace(Place):
    """A repository of a registry; what is published goes to the tag `stable`."""

    kind = "oci"

    def __init__(self, root: Path) -> None:
        self.registry = Registry(root / "registry")
        self.folder = root / "to-push"
        self.source = f"oci://{self.registry.host}/acme/policies:stable"

    def publish(self, files: Files) -> None:
        """Pushes the pack with polcheck itself."""
        self.push(files)

    def push(self, files: Files, tag: str = "stable") -> str:
        """Pushes the pack to a tag; its address by digest."""
        from polcheck.project.publish import build, push

        write(self.folder, files)
        return push(build(str(self.folder)), self.source.replace(":stable", f":{tag}"), move=True)

    def stop(self) -> None:
        """Ends the registry."""
        if self.registry.process.poll() is None:
            self.registry.stop()


def reachable(url: str) -> bool:
    """Whether a server answers."""
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=5):
            return True
    except OSError:
        return False
