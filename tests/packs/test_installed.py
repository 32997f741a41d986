"""A real wheel that brings a pack, installed by pip into a fresh environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from pack_files import ROOT
from packs.places import pack, write

PROJECT = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "acme-policies"
version = "{version}"

[project.entry-points."polcheck.packs"]
acme = "acme_policies:packs/web"

[tool.hatch.build]
dev-mode-dirs = ["."]

[tool.hatch.build.targets.wheel]
packages = ["acme_policies"]
"""
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def installed(tmp_path: Path) -> Callable[..., None]:
    """Builds the distribution in some version and installs it in place of the one before."""
    pytest.importorskip("hatchling", reason="hatchling builds the wheel")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "fresh")], check=True)

    def install(version: str, files: dict[str, str], *, editable: bool = False) -> None:
        source = tmp_path / "source"
        # NOTE: whoever imports the package would find out
        package = {"acme_policies/__init__.py": "raise SystemExit('imported')\n"}
        inside = {f"acme_policies/packs/web/{name}": text for name, text in files.items()}
        write(source, {"pyproject.toml": PROJECT.format(version=version), **package, **inside})
        pip = [sys.executable, "-m", "pip", "--python", str(tmp_path / "fresh"), "--disable-pip-version-check"]
        offline = ["--quiet", "--no-index", "--no-deps"]
        if not editable:
            command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
            subprocess.run(command, cwd=source, check=True, capture_output=True)
            (wheel,) = tmp_path.glob(f"acme_policies-{version}-*.whl")
            subprocess.run([*pip, "install", *offline, "--force-reinstall", str(wheel)], check=True)
            return
        own = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        options = ["--no-build-isolation", "--editable", str(source)]
        subprocess.run([*pip, "install", *offline, *options], check=True, capture_output=True, env=own)

    return install


@pytest.fixture
def polcheck_there(tmp_path: Path) -> Run:
    """Runs polcheck in that environment, with the libraries of this one."""

    def run(*arguments: str, status: int = 0) -> subprocess.CompletedProcess[str]:
        libraries = [path for path in sys.path if path.endswith("site-packages")]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "engine"), *libraries])}
        done = subprocess.run(
            [str(tmp_path / "fresh" / "bin" / "python"), "-m", "polcheck", *arguments],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == status, done
        return done

    return run


def test_an_installed_pack_is_named_by_its_entry_point(installed: Callable[..., None], polcheck_there: Run) -> None:
    """`pip install` is enough; another version is a mismatch until `update`; a byte that changed stops the run."""
    installed("1.0.0", pack())
    polcheck_there("pack", "add", "acme")
    (one,) = tomllib.loads(Path("polcheck.lock").read_text("utf-8"))["pack"]
    assert (one["source"], one["resolved"]) == ("acme", "installed:acme-policies==1.0.0")
    assert "it prints" in polcheck_there("run", "--locked", status=1).stdout
    polcheck_there("pack", "sync")

    installed("1.1.0", pack("1.1.0", "exit(...)", "warning"))
    error = polcheck_there("run", status=2).stderr
    assert "the pack `acme`" in error and error.count("sha256:") == 2
    polcheck_there("pack", "outdated", status=1)
    polcheck_there("pack", "update", "acme")
    polcheck_there("run", "--locked")

    shown = json.loads(polcheck_there("pack", "show", "acme", "-f", "json").stdout)
    assert [policy["id"] for policy in shown["policies"]] == ["no-print"]
    (file,) = Path("..").glob("fresh/lib/*/site-packages/acme_policies/packs/web/policies/p.yaml")
    file.write_bytes(file.read_bytes().replace(b"it prints", b"it prunts"))
    assert "is not what polcheck.lock says" in polcheck_there("run", status=2).stderr


def test_a_distribution_that_is_installed_in_place(installed: Callable[..., None], polcheck_there: Run) -> None:
    """An editable installation lists no files; the pack is found in the project's folder, and is the same."""
    installed("1.0.0", pack(), editable=True)
    polcheck_there("pack", "add", "acme")
    editable = Path("polcheck.lock").read_bytes()
    installed("1.0.0", pack())
    polcheck_there("pack", "lock", "--locked")
    assert Path("polcheck.lock").read_bytes() == editable


def test_a_pack_that_is_not_installed(polcheck_there: Run, installed: Callable[..., None]) -> None:
    """A name that nobody brings any more is told, and nothing is taken in its place."""
    installed("1.0.0", pack())
    polcheck_there("pack", "add", "acme")
    subprocess.run(
        [sys.executable, "-m", "pip", "--python", "../fresh", "uninstall", "-q", "-y", "acme-policies"], check=True
    )
    assert "there is no pack `acme`" in polcheck_there("run", status=2).stderr
