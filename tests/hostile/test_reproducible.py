"""The same report, byte for byte, whatever the machine, the day's settings, the number of processes or the cache."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

from faulty import environment
from polcheck.base.today import today
from polcheck.render import output_formats
from trees import write

FORMATS = tuple(name for name, record in output_formats().items() if not record.from_template)
PACKS = ("airas-base-code", "python-project")
# NOTE: however few files there are, they are searched by processes, a file at a time, and remembered
SCRIPT = """
from polcheck import pipeline as flow
from polcheck.scan import workers as pool
pool.PARALLEL_BYTES = flow.CACHE_FROM_BYTES = 0
pool.CHUNK_BYTES = 1
from polcheck.cli import main
main()
"""
FILES = {
    "src/train.py": "import torch, argparse\nfrom .model import Net\nimport src.missing\n\n\ndef main() -> None:\n"
    "    parser = argparse.ArgumentParser()\n    parser.add_argument('--run_id')\n    cfg = {}\n"
    "    print(cfg['lr'], cfg['größe'])\n    torch.save(Net().state_dict(), 'w.pt')\n    assert cfg\n",
    "src/model.py": "import os, sys\n\nMODEL_PLACEHOLDER = 1\n\n\n"
    "class Net:\n    def f(self, a=[]):\n        eval('1')\n",
    "src/main.py": "import subprocess\nsubprocess.run('python -m src.train', shell=True)\nexcept_ = 1\ntry:\n    pass\n"
    "except:\n    pass\n",
    "src/broken.py": "def f(:\n",
    "src/evaluate.py": "import json\nprint(json.dumps({'a': 1}))\n",
    "src/ärger.py": "print('日本語')\n",
    "tests/test_a.py": "def test_a():\n    assert True\n",
    "config/smoke_test.yaml": "experiments:\n  - {run_id: a, n: 1}\n  - {run_id: b, lr: 2}\n",
    "config/full_experiment.yaml": "experiments:\n  - run_id: DATASET_PLACEHOLDER\n",
    "config/bad.yaml": "a: [\n",
    "pyproject.toml": "[project]\nname = 'x'\ndependencies = ['torch', 'numpy>=1']\n\n[tool.ruff]\nline-length = 100\n",
    ".github/workflows/ci.yml": "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n"
    "      - uses: actions/checkout@v1\n      - run: python -m src.main --nope\n",
    "README.md": "# x\n",
    "polcheck.yaml": "waivers:\n  - {policy: '*', files: src/ärger.py, reason: it is not ours, expires: 2027-01-31}\n",
}
SAME = {
    "once more, by one process": {"jobs": "1"},
    "four processes, in the C locale, on another day": {"jobs": "4", "LC_ALL": "C", "TZ": "Pacific/Kiritimati"},
    "no UTF-8 at all, optimized, nothing kept": {
        "LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii",
        "PYTHONOPTIMIZE": "1", "PYTHONHASHSEED": "1", "cache": "off",
    },
    "files written in another order": {"order": "back", "PYTHONHASHSEED": "0"},
}  # fmt: skip


def made(root: Path, order: str = "forth") -> None:
    """A submission with findings of both packs, its files written one after another."""
    paths = sorted(FILES, reverse=order == "back")
    write(root / "work", {path: FILES[path] for path in paths})


def reports(root: Path, how: dict[str, str]) -> dict[str, bytes]:
    """All formats of the report, each as it was written to a file, and text as standard output has it."""
    given = {"jobs": "2", "cache": "on", **how}
    arguments = ["run", "work", "--jobs", given.pop("jobs")]
    arguments += ["--no-cache"] if given.pop("cache") == "off" else []
    given.pop("order", None)
    for name in PACKS:
        arguments += ["--pack", name]
    for name in FORMATS:
        arguments += ["-f", f"{name}={root / name}"]
    base = {key: value for key, value in environment(root).items() if not key.startswith(("LC_", "LANG"))}
    process = subprocess.run(
        [sys.executable, "-c", SCRIPT, *arguments, "-f", "template:" + str(_template(root))],
        cwd=root, env={**base, **given}, capture_output=True, check=False, timeout=60,
    )  # fmt: skip
    assert (process.returncode, process.stderr) == (1, _said(process.stderr)), process.stderr
    found = {name: (root / name).read_bytes() for name in FORMATS if (root / name).exists()}
    return {**found, "stdout": process.stdout}


def _template(root: Path) -> Path:
    path = root / "template.txt"
    path.write_text("{% for one in findings %}{{ one.path }}: {{ one.message }}\n{% endfor %}", "utf-8")
    return path


def _said(errors: bytes) -> bytes:
    """What standard error may hold: why there is no verdict, if there is none."""
    return errors if errors.startswith(b"no verdict") else b""


@cache
def first(root: Path) -> dict[str, bytes]:
    """The report of the first run of all, which found nothing in its cache."""
    return reports(root, {"PYTHONHASHSEED": "2", "LC_ALL": "C.UTF-8"})


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The submission, and what runs over it leave."""
    root = tmp_path_factory.mktemp("same")
    made(root)
    return root


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Etc/GMT+12"])
def test_a_day_is_the_same_everywhere(zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Waivers expire at one moment, wherever the run is."""
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        assert today() == datetime.now(UTC).date()
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize("how", sorted(SAME))
def test_the_report_is_the_same(root: Path, tmp_path: Path, how: str) -> None:
    """Every format, byte for byte."""
    given = dict(SAME[how])
    before = first(root)
    if "order" in given:
        made(tmp_path, given["order"])
        os.rename(tmp_path / "work", root / "moved")  # noqa: PTH104
        os.rename(root / "work", tmp_path / "work")  # noqa: PTH104
        os.rename(root / "moved", root / "work")  # noqa: PTH104
    after = reports(root, given)
    assert {name for name in before if before[name] != after.get(name)} == set()
    assert before.keys() == after.keys()


def test_there_is_much_to_be_the_same(root: Path) -> None:
    """Both packs find things, in code and in configuration, and leave things undecided."""
    report = json.loads(first(root)["json"])
    assert {one["pack"] for one in report["findings"]} == set(PACKS)
    assert len({one["policy"] for one in report["findings"]}) > 10
    assert {"undecided", "pass", "fail", "not-applicable"} == {one["outcome"] for one in report["policies"]}
    assert report["notices"]
