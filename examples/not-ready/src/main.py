"""Run all experiments of a configuration and compare them."""

import argparse
import subprocess
import sys
from pathlib import Path

import yaml


def launch(run: dict, results_dir: Path) -> None:
    """Train one run; copy what it prints to a log file and to the console."""
    folder = results_dir / run["run_id"]
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "config.yaml"
    config.write_text(yaml.safe_dump(run))
    command = [sys.executable, "-m", "src.train", "--config", str(config), "--results-dir", str(results_dir)]
    process = subprocess.Popen(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    with (folder / "stdout.log").open("w") as log:
        for line in process.stdout:
            log.write(line)
            sys.stdout.write(line)
    process.wait()


def main() -> None:
    """Read the configuration, run what it lists, and start the comparison."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke-test", action="store_true")
    parser.add_argument("--full-experiment", action="store_true")
    parser.add_argument("--results-dir", type=Path, required=True)
    arguments = parser.parse_args()
    name = "smoke_test.yaml" if arguments.smoke_test else "full_experiment.yaml"
    for run in yaml.safe_load((Path("config") / name).read_text())["runs"]:
        launch(run, arguments.results_dir)
    comparison = [sys.executable, "-m", "src.evaluate", "--results-dir", str(arguments.results_dir)]
    subprocess.run(comparison, check=True)


if __name__ == "__main__":
    main()
