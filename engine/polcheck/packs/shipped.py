"""Packs and schemas: those that ship with polcheck, and packs in folders."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from polcheck.base.errors import PolcheckError, PolicyError, Problem, SubmissionError
from polcheck.base.paths import display_path
from polcheck.base.reader import is_file, is_folder, names_in, read_text
from polcheck.base.similar_names import did_you_mean
from polcheck.packs.sign import SIGNATURES
from polcheck.policy.pack_files import PackFiles, Schemas
from polcheck.sources.builder import SubmissionBuilder
from polcheck.sources.folder import read_folder
from polcheck.sources.limits import MIB, ReadLimits
from polcheck.sources.submission import Submission

PACK_LIMITS = ReadLimits(files=10_000, file_bytes=4 * MIB, total_bytes=64 * MIB)
_PACKAGE = Path(__file__).resolve().parent.parent


def data_folder() -> Path:
    """Return the folder of `policies` and `schemas`: in the wheel `_data`, in a checkout the repository's root.

    Raises PolcheckError when neither is there.
    """
    for folder in (_PACKAGE / "_data", _PACKAGE.parent.parent):
        if is_file(folder / "schemas" / "policy.yaml"):
            return folder
    raise PolcheckError("polcheck's own schemas are missing: install it again")


def schemas() -> Schemas:
    """Return the schemas of policies, packs and their cases. Raises PolcheckError when they are missing."""
    folder = data_folder() / "schemas"
    return Schemas(*(read_text(folder / f"{name}.yaml") for name in ("policy", "pack", "tests")))


def shipped_packs() -> list[str]:
    """Return the names of the packs that ship with polcheck, sorted."""
    folder = data_folder() / "policies"
    return [name for name in names_in(folder) if is_file(folder / name / "pack.yaml")]


def read_pack(name_or_path: str | Path, base: str = "") -> PackFiles:
    """Return the files of the pack that ships under this name, or else of the folder at this path, seen from
    `base`.

    A shipped pack comes first, so that no folder that happens to lie where polcheck is run can take its place: write
    `./name` for the folder. Raises PolicyError when there is no such pack or one of its files can't be read.
    """
    text = str(name_or_path)
    if isinstance(name_or_path, str) and text in shipped_packs():
        return replace(_read(text, data_folder() / "policies" / text), shipped=True)
    folder = Path(base, name_or_path)
    if not is_folder(folder):
        raise PolicyError([missing(text, is_file=is_file(folder))])
    if not is_file(folder / "pack.yaml"):
        raise PolicyError([Problem("there is no pack.yaml", text, help="a pack is a folder with a pack.yaml")])
    return _read(display_path(str(folder)) if base else text.rstrip("/") or text, folder)


def pack_at_hand(name_or_path: str | Path) -> PackFiles | None:
    """Return the pack that ships under this name, or is in the folder at this path, if it extends no other.

    None where it takes more to say which pack is meant. Raises PolicyError when one of its files can't be read.
    """
    from polcheck.policy.extension import extensions, used_packs

    text = str(name_or_path)
    is_path = isinstance(name_or_path, Path) or "/" in text  # NOTE: a bare name may be that of an installed pack
    if text not in shipped_packs() and not (is_path and is_folder(text)):
        return None
    pack = read_pack(name_or_path)
    return None if extensions(pack) or used_packs(pack) else pack


def _read(root: str, folder: Path) -> PackFiles:
    try:
        result = read_folder(str(folder), SubmissionBuilder(root, PACK_LIMITS), gitignore=False)
    except SubmissionError as error:
        raise PolicyError([Problem(str(error))]) from error
    return pack_of(root, result.settled(result.files))


def pack_of(root: str, found: Submission, source: str = "") -> PackFiles:
    """Return the pack that these files are; its signatures are kept apart. Raises PolicyError when one can't be
    read.
    """
    if found.unreadable:
        raise PolicyError(
            Problem(f"a file of the pack can't be read: {reason}", f"{root}/{path}")
            for path, reason in found.unreadable.items()
        )
    files = {path: data for path, data in found.files.items() if path != SIGNATURES}
    return PackFiles(root, files, source, found.files.get(SIGNATURES, b""))


def missing(text: str, *, is_file: bool = False) -> Problem:
    """Return the problem that there is no pack of this name, with what was probably meant."""
    if is_file:
        return Problem(f"`{text}` is a file and not a pack", help="a pack is a folder with a pack.yaml")
    names = shipped_packs()
    known = ", ".join(f"`{name}`" for name in names)
    help = did_you_mean(text, names, f"give the path of a folder, or one of {known}")
    return Problem(f"there is no pack `{text}`", help=help)
