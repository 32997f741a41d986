"""The example pack of bandit's rules: its cases hold, and each finding stands where bandit puts it."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from pack_files import ROOT
from trees import write
from typed import polcheck

PACK = ROOT / "examples" / "bandit-rules"
MODULE = """\
import hashlib
import httpx
import pickle
import random as r
import requests
import subprocess as sp
import xml.etree.ElementTree as ET
from subprocess import run

import yaml
from Crypto.Hash import MD5
from yaml import SafeLoader

exec(text)
eval(text)
try:
    pickle.loads(text)
except:
    pass
for item in items:
    try:
        ET.fromstring(text)
    except (Exception):  # whatever
        # it does not matter
        continue
    try:
        yaml.load(text, SafeLoader), yaml.load(text, Loader=yaml.CSafeLoader)
    except ValueError:
        pass
yaml.load(text)
yaml.load(text, Loader=yaml.FullLoader)
requests.get(url, timeout=limit)
requests.post(url, timeout=None,
              verify=False)
requests.put(url, **options)
httpx.Client(timeout=None)
hashlib.md5(text), MD5.new()
hashlib.sha1(text, usedforsecurity=False)
hashlib.new("SHA1", text)
r.choice(letters)
run(command,
    shell=True)
sp.Popen(command, shell=False), sp.Popen(command, shell=0)
sp.call(command, shell=flag)
fabric.local(command, shell=1)
fabric.local(command, shell=None)
"""


def test_the_example_is_in_order() -> None:
    """validate has nothing to say, its cases hold, and rewriting them changes nothing."""
    assert "no problems found" in polcheck("validate", "--strict", PACK).out
    assert polcheck("test", PACK).status == 0
    assert "0 different" in polcheck("test", PACK, "--robust").out


@pytest.mark.skipif(shutil.which("bandit") is None, reason="bandit is not installed: pip install bandit")
def test_each_finding_stands_where_bandit_puts_it(tmp_path: Path) -> None:
    """Line by line, for each rule of the pack."""
    write(tmp_path, {"a.py": MODULE})
    ran = subprocess.run(
        ["bandit", "--quiet", "--ignore-nosec", "--format=json", tmp_path / "a.py"],
        capture_output=True, check=False, text=True,
    )  # fmt: skip
    report = json.loads(polcheck("run", "--no-cache", "--isolated", "--pack", PACK, "-f", "json", tmp_path).out)
    rules = {policy["id"].partition("-")[0].upper() for policy in report["policies"]}
    theirs = {(result["test_id"], result["line_number"]) for result in json.loads(ran.stdout)["results"]}
    ours = {(finding["policy"].partition("-")[0].upper(), finding["line"]) for finding in report["findings"]}
    assert ours == {entry for entry in theirs if entry[0] in rules}
    assert {rule for rule, _line in ours} == rules
