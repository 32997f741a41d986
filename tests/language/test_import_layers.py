"""The layers contract of this repository as one policy: edge by edge the same answer as import-linter."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import pytest
from msgspec.structs import replace

from pack_files import ROOT, schemas
from polcheck.base.limits import DEFAULT_RUN_LIMITS
from polcheck.pipeline import Checker
from polcheck.policy.pack import compile_packs
from polcheck.policy.params import Settings
from polcheck.project.packs import read_pack
from polcheck.scan.cache import ScanCache
from polcheck.sources.submission import of_files

pytest.importorskip("grimp", reason="import-linter is not installed")

PACK = ROOT / "examples" / "import-layers"
CONTRACT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"][0]
LAYERS: list[str] = CONTRACT["layers"]
Chain = tuple[str, ...]  # dotted names of modules
GRIMP = """
import grimp, json, sys
layers = json.loads(sys.argv[1])
graph = grimp.build_graph("polcheck", cache_dir=None)
found = graph.find_illegal_dependencies_for_layers(layers=layers, containers={"polcheck"})
routes = [route for dependency in found for route in dependency.routes]
print(json.dumps([[h, *route.middle, t] for route in routes for h in route.heads for t in route.tails]))
"""


@lru_cache
def tree() -> Mapping[str, str]:
    """The modules of this repository, and its pyproject.toml."""
    modules = sorted((ROOT / "engine").rglob("*.py"))
    return {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in (*modules, ROOT / "pyproject.toml")}


class Judge:
    """The policy, which remembers the files that it has searched."""

    def __init__(self) -> None:
        patient = replace(DEFAULT_RUN_LIMITS, seconds=100.0, run_seconds=100.0, search_seconds=100.0)
        self.checker = Checker(compile_packs([read_pack(str(PACK))], Settings(), schemas()), limits=patient)
        self.cache = ScanCache()

    def chains(self, files: Mapping[str, str]) -> set[Chain]:
        """The chains of modules that the policy forbids; it must have decided."""
        report = self.checker.check(of_files({path: text.encode() for path, text in files.items()}), cache=self.cache)
        (policy,) = report.policies
        assert policy.outcome == ("fail" if report.findings else "pass"), policy.reasons
        self.cache = ScanCache(self.cache.updated or self.cache.stored)
        vias = [finding.bindings["via"] for finding in report.findings]
        return {tuple(module_of(str(one).strip()) for one in via) for via in vias if isinstance(via, list)}


@pytest.fixture(scope="module")
def judge() -> Judge:
    """The policy for all trees of this module."""
    return Judge()


def linted(files: Mapping[str, str], folder: Path) -> set[Chain]:
    """The chains that import-linter's contract forbids."""
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, "utf-8")
    command = [sys.executable, "-c", GRIMP, json.dumps(LAYERS)]
    done = subprocess.run(command, cwd=folder / "engine", capture_output=True, text=True, check=True)
    return {tuple(chain) for chain in json.loads(done.stdout)}


class Seed(NamedTuple):
    """A change of the tree: text to add to a module, and modules to add; and what it should be found as."""

    kind: str
    added: Mapping[str, str]
    chain: Chain


def module_of(path: str) -> str:
    """The dotted name of the module in a file, whose ending may be missing."""
    return path.removeprefix("engine/").removesuffix(".py").removesuffix("/__init__").replace("/", ".")


@lru_cache
def pairs() -> Sequence[tuple[str, str]]:
    """Files of modules, each with the module of a higher layer that it must not import: no two of them alike."""
    modules = [
        path for path in tree() if path.endswith(".py") and not path.endswith("__init__.py") and path.count("/") > 2
    ]
    low = [path for path in modules if module_of(path).split(".")[1] in LAYERS[8:]]
    high = [module_of(path) for path in modules if module_of(path).split(".")[1] in LAYERS[1:6]]
    return [(path, high[(7 * number) % len(high)]) for number, path in enumerate(low[::2])]


# how a module comes to import another one: `{to}` is its name, `{of}` its package, `{last}` its last part, `{up}` the
# dots that lead from the importing module to the package of all
KINDS: Mapping[str, str] = {
    "direct": "from {to} import thing",
    "module": "from {of} import {last}",
    "plain": "import {to}",
    "as": "import {to} as other",
    "several": "import os, {to} as one, sys",
    "in a function": "def _late():\n    from {to} import thing\n    return thing",
    "in a method": "class _C:\n    async def late(self):\n        if self:\n            import {to} as late",
    "type checking": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from {to} import Thing",
    "relative": "from {up}{below} import thing",
    "relative module": "from {up}{middle} import {last} as it",
    "star": "from {to} import *",
    "relative star": "from {up}{below} import *",
    "in parentheses": "from {of} import (  # why\n    {last} as it,\n)",
    "in try": "try:\n    import {to}\nexcept ImportError:\n    pass",
    "after a semicolon": "x = 1; from {to} import thing",
}
STEPS = {"through one module": 1, "through two modules": 2, "through five modules": 5}


def seeds() -> Iterator[Seed]:
    """Four of each kind, in modules of their own."""
    places = iter(pairs())
    for kind, text in KINDS.items():
        for _ in range(4):
            path, to = next(places)
            of, _, last = to.rpartition(".")
            below, middle = to.removeprefix("polcheck."), of.removeprefix("polcheck.")
            words = {
                "to": to,
                "of": of,
                "last": last,
                "up": "." * (path.count("/") - 1),
                "below": below,
                "middle": middle,
            }
            yield Seed(kind, {path: "\n" + text.format(**words) + "\n"}, (module_of(path), to))
    for kind, steps in STEPS.items():
        for number in range(3):
            path, to = next(places)
            between = [f"polcheck.seed{steps}{number}{step}" for step in range(steps)]
            chain = (module_of(path), *between, to)
            added = {path: f"\nimport {between[0]}\n"}
            for one, after in zip(between, chain[2:], strict=True):
                added[f"engine/{one.replace('.', '/')}.py"] = f"def f():\n    from {after} import g\n    return g\n"
            yield Seed(kind, added, chain)


def seeded(*changes: Mapping[str, str]) -> dict[str, str]:
    """The tree with these changes."""
    files = dict(tree())
    for added in changes:
        for path, text in added.items():
            files[path] = files.get(path, "") + text
    return files


HARMLESS = """
    x = "import polcheck.cli.run"
    # import polcheck.cli.run
    def f(): 'from polcheck.cli import run'
    import importlib; importlib.import_module("polcheck.cli.run")
    __import__("polcheck.cli")
    from cli import run
    import cli.run as run
    import polcheck_cli.run
    from polcheckx.cli import run
    from .cli_run_that_is_not_there import run
    polcheck.cli.run.main()
    from polcheck.base import cli
    from polcheck.base.errors import PolcheckError as run
    import polcheck.base.errors as cli
    def cli(run): return run.cli
    x = f"{1} from polcheck.cli import run"
    class polcheck: cli = 1
    x = ('from ' 'polcheck.cli.run import main')
    from ..base import errors as pipeline
    import os.path as polcheck
    x = b"from polcheck.cli import run"
    def f(a: "polcheck.cli.run.Main"): ...
"""


def test_the_clean_tree_and_what_only_looks_like_an_import_pass(judge: Judge, tmp_path: Path) -> None:
    """Strings, comments, other packages, lower layers, names that are called like modules: each in a low module."""
    texts = textwrap.dedent(HARMLESS).strip().splitlines()
    assert len(texts) >= 20
    files = seeded(*({path: f"\n{text}\n"} for (path, _), text in zip(pairs(), texts, strict=False)))
    assert judge.chains(tree()) == judge.chains(files) == linted(files, tmp_path) == set()


def test_seeded_violations_are_those_of_import_linter(judge: Judge, tmp_path: Path) -> None:
    """All of them at once, each chain from its first module to its last."""
    every = list(seeds())
    assert len(every) > 50
    files = seeded(*(seed.added for seed in every))
    ours = judge.chains(files)
    assert ours == {seed.chain for seed in every}
    assert ours == linted(files, tmp_path)


@pytest.mark.corpus
@pytest.mark.parametrize("number", range(len(KINDS) * 4 + len(STEPS) * 3))
def test_each_seeded_violation_alone(judge: Judge, tmp_path: Path, number: int) -> None:
    """One chain, and no other."""
    seed = list(seeds())[number]
    files = seeded(seed.added)
    assert judge.chains(files) == linted(files, tmp_path) == {seed.chain}, seed.kind
