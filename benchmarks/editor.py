"""Times from a keystroke to its diagnostics: `polcheck lsp` beside `ast-grep lsp`, with one pattern, on the same files.

    python benchmarks/editor.py FOLDER FILE RUNS

FOLDER is copied; FILE in it, of Python, is the one that is typed into. Each keystroke adds a call of `eval` at its end,
or takes it away. Prints JSON: for each server the seconds until it answered first, and those of each keystroke.
`polcheck` waits `pause` seconds for the next key before it checks. It checks the whole folder, ast-grep the open file.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from polcheck.servers.lsp.workbench import PAUSE

POLICY = "id: eval\ntitle: t\nforbid: {files: '**/*.py', pattern: eval(...)}\nmessage: m\nremedy: r\n"
RULE = "id: eval\nlanguage: python\nmessage: m\nseverity: error\nrule: {pattern: 'eval($$$)'}\n"
TYPED = "\neval(benchmark)\n"
SERVERS = {"polcheck": [sys.executable, "-m", "polcheck", "lsp"], "ast-grep": ["ast-grep", "lsp"]}


class Server:
    """A language server and the document that is typed into."""

    def __init__(self, command: list[str], root: Path, document: Path) -> None:
        self.process = subprocess.Popen(
            command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self.document = document
        self.version = 1
        folder = {"uri": root.as_uri(), "name": root.name}
        self.send(
            "initialize",
            {"processId": None, "rootUri": root.as_uri(), "workspaceFolders": [folder], "capabilities": {}},
            1,
        )
        while self.receive().get("id") != 1:
            pass
        self.send("initialized", {})
        item = {"uri": document.as_uri(), "languageId": "python", "version": 1}
        item["text"] = document.read_text() + TYPED
        self.send("textDocument/didOpen", {"textDocument": item})

    def send(self, method: str, params: object, number: int | None = None) -> None:
        """Send a request, or a notification where it has no number."""
        message = {"jsonrpc": "2.0", "method": method, "params": params} | ({"id": number} if number else {})
        body = json.dumps(message).encode()
        assert self.process.stdin
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.process.stdin.flush()

    def receive(self) -> dict[str, Any]:
        """Return the next message; requests of the server are answered."""
        assert self.process.stdout
        size = 0
        while line := self.process.stdout.readline().strip():
            if line.lower().startswith(b"content-length:"):
                size = int(line.split(b":")[1])
        message: dict[str, Any] = json.loads(self.process.stdout.read(size))
        if "id" in message and "method" in message:
            answer = json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": None}).encode()
            assert self.process.stdin
            self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(answer), answer))
            self.process.stdin.flush()
        return message

    def type(self, text: str, count: int) -> float:
        """Replace the text, and return the seconds until the document has so many findings."""
        self.version += 1
        began = time.perf_counter()
        target = {"uri": self.document.as_uri(), "version": self.version}
        self.send("textDocument/didChange", {"textDocument": target, "contentChanges": [{"text": text}]})
        self.wait(count)
        return time.perf_counter() - began

    def wait(self, count: int) -> None:
        """Wait until the document has so many findings."""
        while True:
            params = self.receive().get("params") or {}
            shown = params.get("diagnostics") if isinstance(params, dict) else None
            if shown is not None and params["uri"] == self.document.as_uri() and len(shown) == count:
                return


def measured(name: str, root: Path, document: Path, runs: int) -> dict[str, object]:
    """Return what a server takes."""
    began = time.perf_counter()
    server = Server(SERVERS[name], root, document)
    text = document.read_text()
    server.wait(1)
    first = time.perf_counter() - began
    seconds = [server.type(text + TYPED * (run % 2), run % 2) for run in range(runs * 2)]
    server.process.kill()
    server.process.wait()
    return {"first": first, "seconds": seconds}


def main() -> None:
    """Measures and prints."""
    source, name, runs = sys.argv[1:]
    with tempfile.TemporaryDirectory() as place:
        root = Path(place, "project")
        shutil.copytree(source, root, symlinks=True)
        for path, text in {
            "polcheck.yaml": "packs: [./benchmark-pack]\n",
            "benchmark-pack/pack.yaml": "name: benchmark\nversion: 1.0.0\n",
            "benchmark-pack/policies/eval.yaml": POLICY,
            "sgconfig.yml": "ruleDirs: [benchmark-rules]\n",
            "benchmark-rules/eval.yml": RULE,
        }.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)
        document = root / name
        there = [one for one in SERVERS if one == "polcheck" or shutil.which(SERVERS[one][0])]
        times = {one: measured(one, root, document, int(runs)) for one in there}
    print(json.dumps({"pause": PAUSE, **times}))


if __name__ == "__main__":
    main()
