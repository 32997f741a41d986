"""The only part of polcheck that touches files and starts processes (git): submissions in, packs in, reports out."""

from polcheck.disk.exclude import beyond
from polcheck.disk.fresh import write_new
from polcheck.disk.limits import DEFAULT, Limits
from polcheck.disk.output import append_output, write_output
from polcheck.disk.packs import data_folder, schemas, shipped_packs
from polcheck.disk.pages import keep_page, page_of
from polcheck.disk.paths import below, exists, is_folder, shown
from polcheck.disk.project import find_config, read_config, read_config_in, read_own
from polcheck.disk.project_packs import Asked, ProjectPacks, read_lock, read_pack, trust_of, write_lock
from polcheck.disk.single import read_file
from polcheck.disk.target import read_submission
from polcheck.sharing.trust import Trust

__all__ = [
    "DEFAULT",
    "Asked",
    "Limits",
    "ProjectPacks",
    "Trust",
    "append_output",
    "below",
    "beyond",
    "data_folder",
    "exists",
    "find_config",
    "is_folder",
    "keep_page",
    "page_of",
    "read_config",
    "read_config_in",
    "read_file",
    "read_lock",
    "read_own",
    "read_pack",
    "read_submission",
    "schemas",
    "shipped_packs",
    "shown",
    "trust_of",
    "write_lock",
    "write_new",
    "write_output",
]
