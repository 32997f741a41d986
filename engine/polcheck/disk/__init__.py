"""The only part of polcheck that touches files and starts processes (git): submissions in, packs in, reports out."""

from __future__ import annotations

from polcheck.on_demand import on_demand

TYPE_CHECKING = False  # NOTE: `typing` takes longer to import than what a run that was made before takes
if TYPE_CHECKING:
    from polcheck.disk.exclude import beyond
    from polcheck.disk.fresh import write_new
    from polcheck.disk.limits import DEFAULT, Limits
    from polcheck.disk.output import append_output, write_output
    from polcheck.disk.packs import data_folder, pack_at_hand, schemas, shipped_packs
    from polcheck.disk.pages import keep_page, page_of
    from polcheck.disk.paths import below, exists, is_folder, shown
    from polcheck.disk.project import find_config, read_config, read_config_in, read_own
    from polcheck.disk.project_packs import Asked, ProjectPacks, read_lock, read_pack, trust_of, write_lock
    from polcheck.disk.runs import keep_said
    from polcheck.disk.single import read_file
    from polcheck.disk.target import read_submission
    from polcheck.disk.watch import watching
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
    "keep_said",
    "pack_at_hand",
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
    "watching",
    "write_lock",
    "write_new",
    "write_output",
]

__getattr__ = on_demand(
    __name__,
    {
        "Asked": "polcheck.disk.project_packs",
        "DEFAULT": "polcheck.disk.limits",
        "Limits": "polcheck.disk.limits",
        "ProjectPacks": "polcheck.disk.project_packs",
        "Trust": "polcheck.sharing.trust",
        "append_output": "polcheck.disk.output",
        "below": "polcheck.disk.paths",
        "beyond": "polcheck.disk.exclude",
        "data_folder": "polcheck.disk.packs",
        "exists": "polcheck.disk.paths",
        "find_config": "polcheck.disk.project",
        "is_folder": "polcheck.disk.paths",
        "keep_page": "polcheck.disk.pages",
        "keep_said": "polcheck.disk.runs",
        "pack_at_hand": "polcheck.disk.packs",
        "page_of": "polcheck.disk.pages",
        "read_config": "polcheck.disk.project",
        "read_config_in": "polcheck.disk.project",
        "read_file": "polcheck.disk.single",
        "read_lock": "polcheck.disk.project_packs",
        "read_own": "polcheck.disk.project",
        "read_pack": "polcheck.disk.project_packs",
        "read_submission": "polcheck.disk.target",
        "schemas": "polcheck.disk.packs",
        "shipped_packs": "polcheck.disk.packs",
        "shown": "polcheck.disk.paths",
        "trust_of": "polcheck.disk.project_packs",
        "watching": "polcheck.disk.watch",
        "write_lock": "polcheck.disk.project_packs",
        "write_new": "polcheck.disk.fresh",
        "write_output": "polcheck.disk.output",
    },
)
