"""The only part of polcheck that touches files and starts processes (git): submissions in, packs in, reports out."""

from polcheck.disk.fresh import write_new
from polcheck.disk.limits import DEFAULT, Limits
from polcheck.disk.output import append_output, write_output
from polcheck.disk.packs import data_folder, read_pack, schemas, shipped_packs
from polcheck.disk.paths import below, exists, is_folder, shown
from polcheck.disk.project import find_config, read_config, read_config_in, read_own
from polcheck.disk.single import read_file
from polcheck.disk.target import read_submission

__all__ = [
    "DEFAULT",
    "Limits",
    "append_output",
    "below",
    "data_folder",
    "exists",
    "find_config",
    "is_folder",
    "read_config",
    "read_config_in",
    "read_file",
    "read_own",
    "read_pack",
    "read_submission",
    "schemas",
    "shipped_packs",
    "shown",
    "write_new",
    "write_output",
]
