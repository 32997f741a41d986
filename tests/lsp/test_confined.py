"""The server reads what its client opened and fetches nothing, whatever lies in the workspace."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

from lsp.client import Editor
from lsp.conftest import write

WATCH = """\
import os, sys

def watch(event, arguments):
    if event in ("open", "os.listdir", "os.scandir") and isinstance(arguments[0], (str, bytes)):
        path = os.path.realpath(os.fsdecode(arguments[0]))
        if path.startswith(os.environ["OUTSIDE"]):
            os.write(log, (path + "\\n").encode())
    if event.startswith(("socket.connect", "subprocess.Popen")) and "polcheck.base.worker_main" not in str(arguments):
        os.write(log, f"{event} {arguments}\\n".encode())

log = os.open(os.environ["OPENED"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
sys.addaudithook(watch)
"""


def test_nothing_outside_of_the_workspace_is_opened(project: Path, tmp_path: Path) -> None:
    """Not by a configuration, pack, key, baseline, link or .gitignore, and not for a document or a preview."""
    outside = tmp_path / "outside"
    work = outside / "work"
    outside.mkdir()
    project.rename(work)
    secret = write(outside / "secret.py", "print('secret')\n")
    write(outside / "pack/pack.yaml", "name: other\nversion: 1.0.0\n")
    write(outside / "pack/policies/a.yaml", "id: a\ntitle: t\nforbid: {files: '*'}\nmessage: m\n")
    write(outside / "key.pub", "ssh-ed25519 AAAA\n")
    write(outside / "polcheck.yaml", "packs: [./pack]\n")
    write(outside / ".gitignore", "src/\n")
    subprocess.run(["git", "init", "-q", str(outside)], check=True)
    (work / "src/link.py").symlink_to(secret)
    (work / "linked").symlink_to(outside / "pack")
    write(work / "second/polcheck.yaml", "packs: [../../pack]\n")
    write(work / "third/polcheck.yaml", "packs: [../ours]\ntrusted: [{packs: '*', keys: [../../key.pub]}]\n")
    write(work / "fourth/pack.yaml", "name: fourth\nversion: 1.0.0\nextends: [../../pack]\n")
    (work / "fifth").mkdir()
    (work / "fifth/polcheck.yaml").symlink_to(outside / "polcheck.yaml")
    (work / "baseline.json").symlink_to(secret)
    write(work / "sixth/polcheck.yaml", "packs: [../linked]\n")
    write(work / "polcheck.yaml", "packs: [./ours]\nbaseline: baseline.json\n")
    opened = tmp_path / "opened.txt"
    write(tmp_path / "hook/sitecustomize.py", WATCH)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "hook"), "OPENED": str(opened), "OUTSIDE": f"{outside}/"}
    editor = Editor(work, env=environment)
    for name in ("second", "third", "sixth", "fifth"):
        editor.open(work / name / "a.py", "print(1)\n")
    editor.open(work / "fourth/policies/a.yaml", "id: x\n")
    editor.open(secret)
    editor.open(work / "src/link.py", "print(3)\n")
    editor.type(secret, "print(4)\n")
    policies = work / "ours/policies/all.yaml"
    editor.hover(policies, policies.read_text().replace("use: prints", "te|xt: secret"))
    editor.close(policies)
    editor.diagnostics(work / "polcheck.yaml")
    write(work / "polcheck.yaml", "packs: [./ours]\n")
    editor.changed_on_disk(work / "polcheck.yaml")
    editor.open(work / "src/app.py", "print(1)\n")
    editor.diagnostics(work / "src/app.py")
    for name in ("second", "sixth"):
        assert "can't be read: outside of the folders that are open here" in str(
            editor.diagnostics(work / name / "polcheck.yaml")
        )
    assert editor.diagnostics(work / "fourth/pack.yaml")
    assert editor.quit() == 0
    lines = opened.read_text().splitlines()
    assert [line for line in lines if not line.startswith((f"{work}/", f"{work}"))] == []
    assert f"{work}/polcheck.yaml" in lines, "the hook sees what is opened"


def test_a_pack_that_is_not_stored_is_named_and_nothing_is_fetched(project: Path) -> None:
    write(project / "polcheck.yaml", "packs: ['git+https://packs.invalid/careful']\n")
    editor = Editor(project)
    (problem,) = editor.diagnostics(project / "polcheck.yaml")
    assert "is not stored here" in problem.message
    assert "polcheck pack lock" in problem.message
    editor.quit()


def test_a_file_outside_of_the_workspace_is_not_checked(project: Path) -> None:
    outside = write(project / "src/app.py", "print(1)\n")
    (project / "inner").mkdir()
    write(project / "inner/polcheck.yaml", "packs: [../ours]\n")
    editor = Editor(project / "inner")
    (problem,) = editor.diagnostics(project / "inner/polcheck.yaml")
    assert "outside of the folders that are open here" in problem.message
    editor.open(outside)
    editor.open(project / "ours/policies/all.yaml", "id: [")
    time.sleep(0.5)
    assert set(editor.published) == {(project / "inner/polcheck.yaml").as_uri()}
    editor.quit()


def test_a_configuration_above_the_workspace_is_not_read(project: Path) -> None:
    write(project / "src/app.py", "print(1)\n")
    editor = Editor(project / "src")
    editor.until(lambda: any("no polcheck.yaml" in line for line in editor.log))
    editor.open(project / "src/app.py")
    time.sleep(0.5)
    assert not editor.published
    editor.quit()
