"""The server in a real editor: Neovim without a screen, configured as docs/editors.md says."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import Any

import pytest

from lsp.conftest import write
from pack_files import ROOT

NEOVIM = shutil.which("nvim")
SECONDS = 120
ASK = """
local function wait_for(count)
  assert(vim.wait(60000, function() return #vim.diagnostic.get(0) == count end, 50), "no " .. count .. " diagnostics")
end
local said = {}
wait_for(1)
vim.api.nvim_buf_set_lines(0, 0, 0, false, { '"\\u{1F600}"; print(2)' })
wait_for(2)
said.diagnostics = vim.diagnostic.get(0)
local params = vim.lsp.util.make_position_params()
params.position = { line = 0, character = 7 }
said.hover = vim.lsp.buf_request_sync(0, "textDocument/hover", params, 30000)[1].result.contents.value
local diagnostics = vim.lsp.diagnostic.get_line_diagnostics(0, 0)
params = vim.lsp.util.make_range_params()
params.context = { diagnostics = diagnostics }
local actions = vim.lsp.buf_request_sync(0, "textDocument/codeAction", params, 30000)[1].result
said.actions = vim.tbl_map(function(action) return action.title end, actions)
vim.lsp.buf_request_sync(0, "workspace/executeCommand", actions[1].command, 30000)
said.config = vim.api.nvim_buf_get_lines(vim.fn.bufadd(vim.fn.getcwd() .. "/polcheck.yaml"), 0, -1, false)
vim.cmd("edit ours/policies/all.yaml")
vim.wait(500)
params = { textDocument = vim.lsp.util.make_text_document_params(), position = { line = 2, character = 16 } }
local items = vim.lsp.buf_request_sync(0, "textDocument/completion", params, 30000)[1].result.items
said.completion = vim.tbl_map(function(item) return item.label end, items)
vim.fn.writefile({ vim.json.encode(said) }, "said.json")
vim.cmd("qall!")
"""


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What Neovim got from the server."""
    if NEOVIM is None:
        pytest.skip("there is no nvim (Debian's package neovim)")
    root = tmp_path_factory.mktemp("neovim")
    write(root / "polcheck.yaml", "packs: [./ours]\n")
    write(
        root / "ours/pack.yaml",
        "name: ours\nversion: 1.0.0\nselectors: {prints: {files: '*.py', pattern: print(...)}}\n",
    )
    write(
        root / "ours/policies/all.yaml",
        "id: no-print\ntitle: t\nforbid: {use: prints}\nmessage: '`{{ path }}` prints'\nremedy: Use logging\n",
    )
    write(root / "a.py", "print(1)\n")
    page = (ROOT / "docs/editors.md").read_text()
    settings = page[page.index("```lua\nlocal servers") :].split("```")[1].removeprefix("lua\n")
    write(root / "bin/polcheck", f'#!/bin/sh\nexec {sys.executable} -m polcheck "$@"\n').chmod(0o755)
    write(root / "init.lua", settings)
    write(root / "ask.lua", ASK)
    environment = {
        **os.environ,
        "PATH": f"{root / 'bin'}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT / "engine"),
        **{f"XDG_{name}_HOME": str(root / name.lower()) for name in ("CONFIG", "DATA", "STATE", "CACHE")},
    }
    command = [NEOVIM, "--headless", "-u", "init.lua", "-n", "a.py", "-c", "luafile ask.lua", "-c", "qall!"]
    run = subprocess.run(command, cwd=root, env=environment, timeout=SECONDS, capture_output=True, check=False)
    answer = root / "said.json"
    assert answer.is_file(), run.stderr.decode()
    result: dict[str, Any] = json.loads(answer.read_text())
    return result


def test_neovim_shows_findings_of_unsaved_text_where_they_are(said: dict[str, Any]) -> None:
    assert [(one["lnum"], one["col"], one["message"]) for one in said["diagnostics"]] == [
        (0, 8, "`a.py` prints\nhelp: Use logging"),  # bytes, as Neovim counts
        (1, 0, "`a.py` prints\nhelp: Use logging"),
    ]


def test_neovim_shows_what_a_policy_asks_for(said: dict[str, Any]) -> None:
    assert "ours:no-print (error)" in said["hover"]


def test_neovim_waives(said: dict[str, Any]) -> None:
    assert said["actions"] == ["Waive ours:no-print in a.py, with a reason"]
    assert said["config"][1:] == [
        "waivers:",
        "  - policy: ours:no-print",
        "    files:",
        "      - a.py",
        '    reason: ""',
    ]


def test_neovim_completes_selectors(said: dict[str, Any]) -> None:
    assert "prints" in said["completion"]
