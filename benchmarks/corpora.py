"""The files that benchmarks run over: packages from PyPI, and submissions made from the project's examples."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_FIELDS = {
    "train_py": "src/train.py",
    "evaluate_py": "src/evaluate.py",
    "preprocess_py": "src/preprocess.py",
    "model_py": "src/model.py",
    "main_py": "src/main.py",
    "pyproject_toml": "pyproject.toml",
    "smoke_test_yaml": "config/smoke_test.yaml",
    "full_experiment_yaml": "config/full_experiment.yaml",
}


def package(folder: Path, requirement: str) -> Path:
    """The unpacked wheel of one package, which pip fetches unless it is there."""
    name = requirement.partition("==")[0]
    unpacked = folder / requirement.replace("==", "-")
    if unpacked.is_dir():
        return unpacked
    wheels = folder / "wheels"
    pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary", ":all:", "-d", str(wheels)]
    subprocess.run([*pip, requirement], check=True)
    (wheel,) = wheels.glob(f"{name.replace('-', '_')}-*.whl")
    partial = folder / f".{unpacked.name}"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(partial)
    partial.rename(unpacked)
    return unpacked


def copies(source: Path, number: int, folder: Path) -> Path:
    """A folder with `number` Python files of `source`, each linked as often as that takes."""
    made = folder / f"files-{number}"
    if made.is_dir():
        return made
    files = sorted(source.rglob("*.py"))
    random.Random(1).shuffle(files)
    partial = folder / f".files-{number}"
    for index in range(number):
        origin = files[index % len(files)]
        target = partial / f"c{index // len(files)}" / origin.relative_to(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        os.link(origin, target)
    partial.rename(made)
    return made


def bundles(number: int, folder: Path) -> Path:
    """A JSONL file of eight-file submissions: the examples, each varied by what its files say."""
    path = folder / f"bundles-{number}.jsonl"
    if not path.exists():
        with path.open("w", encoding="utf-8") as file:
            for bundle in _varied(number):
                file.write(json.dumps(bundle) + "\n")
    return path


def _varied(number: int) -> Iterator[dict[str, str]]:
    examples = [_bundle(ROOT / "examples" / name) for name in ("ready", "not-ready")]
    chance = random.Random(7)
    for index in range(number):
        chosen = examples[index % 2].items()
        bundle = {field: f"# variant {index}: {chance.getrandbits(64):x}\n{text}" for field, text in chosen}
        if index % 5 == 0:  # one in five lacks a file
            del bundle[chance.choice(sorted(bundle))]
        if index % 7 == 0:
            bundle["train_py"] = bundle.get("train_py", "").replace("torch.save", "print")
        yield bundle


def _bundle(root: Path) -> dict[str, str]:
    return {name: (root / path).read_text("utf-8") for name, path in _FIELDS.items() if (root / path).exists()}
