"""One harness, fed for some seconds: by atheris, led by coverage, where it is installed, else by chance alone.

What a harness stumbles over lies in fuzz/found/<harness>/ afterwards, and the exit status is not 0.
"""

from __future__ import annotations

import faulthandler
import hashlib
import importlib.util
import random
import sys
import tempfile
import time
from pathlib import Path

from harnesses import CORPUS, LONGEST, corpus, harness
from harnesses.mutation import mutants, mutated

FOUND = Path(__file__).resolve().parent / "found"
SLOW = 10  # seconds for one input
_PORTION = 1_000
_OFTEN = 0.5  # of the inputs are changed by pieces of the corpus, the others by bytes


def main(name: str, seconds: int, seed: int) -> None:
    """Feeds a harness; raises whatever it does."""
    (FOUND / name).mkdir(parents=True, exist_ok=True)
    if importlib.util.find_spec("atheris") is not None:
        by_coverage(name, seconds, seed)
    else:
        by_chance(name, seconds, seed)


def by_coverage(name: str, seconds: int, seed: int) -> None:
    """Feeds a harness by atheris, which ends the process."""
    import atheris

    seeds = corpus(name)
    with atheris.instrument_imports(include=["polcheck"]):
        run = harness(name)
        for data in seeds:  # NOTE: much is imported when it is first needed
            run(data)

    def change(data: bytes, most: int, number: int) -> bytes:
        chance = random.Random(number)
        if chance.random() < _OFTEN:
            return mutated(data, seeds, chance)[:most]
        return bytes(atheris.Mutate(data, most))

    with tempfile.TemporaryDirectory() as learned:
        options = [f"-max_total_time={seconds}", f"-seed={seed}", f"-timeout={SLOW}", f"-max_len={LONGEST}"]
        options += [f"-artifact_prefix={FOUND / name}/", "-rss_limit_mb=3000"]
        atheris.Setup([sys.argv[0], *options, learned, str(CORPUS / name)], run, custom_mutator=change)
        atheris.Fuzz()


def by_chance(name: str, seconds: int, seed: int) -> None:
    """Feeds a harness with inputs that chance makes of its corpus."""
    run, seeds, end, fed = harness(name), corpus(name), time.monotonic() + seconds, 0
    while time.monotonic() < end:
        for data in mutants(seeds, _PORTION, seed, LONGEST):
            faulthandler.dump_traceback_later(SLOW, exit=True)
            kept = FOUND / name / f"crash-{hashlib.sha1(data, usedforsecurity=False).hexdigest()}"
            kept.write_bytes(data)  # NOTE: what hangs or dies leaves it there
            run(data)
            kept.unlink()
            fed += 1
            if time.monotonic() > end:
                break
        seed += 1
    faulthandler.cancel_dump_traceback_later()
    print(f"{fed:,} inputs")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
