"""Fuzzing: `python fuzz/run.py [--seconds N] [--seed N] [harness ...]` runs these harnesses, or all, one after another.

With the extra `fuzz` inputs are led by coverage (atheris), without it they are made by chance from fuzz/corpus. What a
harness stumbles over is kept in fuzz/found/<harness>/; `--input FILE` runs a harness on it once more. When it is mended
it belongs into the corpus, which the tests run. Exit status 1 when a harness stumbled.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from harnesses import HARNESSES, harness

_HERE = Path(__file__).resolve().parent


def main() -> int:
    """Runs what the command line asks for; gives the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("harness", nargs="*", choices=[[], *HARNESSES], help="all of them when none is named")
    parser.add_argument("--seconds", type=int, default=60, help="for each harness (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of what chance decides (default: %(default)s)")
    parser.add_argument("--input", type=Path, help="a file to run one harness on, once")
    asked = parser.parse_args()
    names = asked.harness or list(HARNESSES)
    if asked.input:
        for name in names:
            print(harness(name)(asked.input.read_bytes()))
        return 0
    stumbled = [name for name in names if not _fuzzed(name, asked.seconds, asked.seed)]
    print(f"stumbled: {', '.join(stumbled)}" if stumbled else "nothing stumbled")
    return 1 if stumbled else 0


def _fuzzed(name: str, seconds: int, seed: int) -> bool:
    """Whether a harness, in a process of its own, went through its time without a fault."""
    print(f"== {name}", flush=True)
    path = os.pathsep.join(filter(None, [str(_HERE.parent / "engine"), os.environ.get("PYTHONPATH")]))
    command = [sys.executable, str(_HERE / "drive.py"), name, str(seconds), str(seed)]
    return subprocess.run(command, env=os.environ | {"PYTHONPATH": path}, check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
