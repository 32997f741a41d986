"""Run all experiments of a configuration, one GPU each, and compare them."""

import argparse
import os
import queue
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, TextIO

import torch
import yaml

CONFIG = Path(__file__).resolve().parent.parent / "config"


def forward(stream: IO[str], log: Path, console: TextIO) -> None:
    """Copy `stream`, line by line, to a log file and to the console."""
    with log.open("w") as copy:
        for line in stream:
            copy.write(line)
            console.write(line)
            console.flush()


def launch(run: dict, results_dir: Path, gpus: queue.Queue) -> None:
    """Train one run as soon as a GPU is free, and give the GPU back."""
    folder = results_dir / run["run_id"]
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "config.yaml"
    config.write_text(yaml.safe_dump(run))
    command = [sys.executable, "-m", "src.train", "--config", str(config), "--results-dir", str(results_dir)]
    gpu = gpus.get()
    try:
        environment = {**os.environ, "CUDA_VISIBLE_DEVICES": gpu}
        process = subprocess.Popen(command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        copies = [
            threading.Thread(target=forward, args=(process.stdout, folder / "stdout.log", sys.stdout)),
            threading.Thread(target=forward, args=(process.stderr, folder / "stderr.log", sys.stderr)),
        ]
        for copy in copies:
            copy.start()
        process.wait()
        for copy in copies:
            copy.join()
    finally:
        gpus.put(gpu)


def main() -> None:
    """Read the configuration, run what it lists, and start the comparison."""
    parser = argparse.ArgumentParser(description=__doc__)
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--smoke-test", action="store_true")
    which.add_argument("--full-experiment", action="store_true")
    parser.add_argument("--results-dir", type=Path, required=True)
    arguments = parser.parse_args()
    name = "smoke_test.yaml" if arguments.smoke_test else "full_experiment.yaml"
    runs = yaml.safe_load((CONFIG / name).read_text())["experiments"]

    gpus: queue.Queue[str] = queue.Queue()
    for gpu in range(torch.cuda.device_count()):
        gpus.put(str(gpu))
    if gpus.empty():
        gpus.put("")  # the CPU
    workers = [threading.Thread(target=launch, args=(run, arguments.results_dir, gpus)) for run in runs]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    comparison = [sys.executable, "-m", "src.evaluate", "--results-dir", str(arguments.results_dir)]
    subprocess.run(comparison, check=True)


if __name__ == "__main__":
    main()
