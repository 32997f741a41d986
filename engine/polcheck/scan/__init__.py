"""The scan: from the bytes of one file and the probes of a plan to its match tables. It reads nothing else."""
