"""Packs in git repositories: which commit a revision is, and the files of one commit.

Git's own command does it, with the user's settings, so that their keys and proxies work. No hook, filter or submodule
of the repository is run or followed: objects are fetched into a fresh bare repository and read from there.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Mapping
from urllib.parse import urlsplit

from polcheck.base.errors import PolicyError, Problem, SubmissionError
from polcheck.packs.shipped import PACK_LIMITS, pack_of
from polcheck.packs.sources import FetchError, Git
from polcheck.policy.pack_files import PackFiles
from polcheck.sources.builder import SubmissionBuilder
from polcheck.sources.git import read_revision, tree_of

_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_SECONDS = 300
_SETTINGS = ("core.hooksPath=/dev/null", "core.fsmonitor=false", "protocol.ext.allow=never", "gc.auto=0")
# what a hook has in its environment, and what would send git to the repository that the hook is of
_ELSEWHERE = frozenset(
    {
        "GIT_DIR",
        "GIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_OBJECT_DIRECTORY",
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_COMMON_DIR",
        "GIT_NAMESPACE",
        "GIT_PREFIX",
        "GIT_CONFIG",
        "GIT_GRAFT_FILE",
        "GIT_SHALLOW_FILE",
        "GIT_REPLACE_REF_BASE",
        "GIT_QUARANTINE_PATH",
    }
)
_ENVIRONMENT = {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}


def refs_of(source: Git) -> dict[str, str]:
    """Return the commit of each branch and tag, and of HEAD. Raises FetchError when the repository can't be reached."""
    output = _git(source, None, "ls-remote", "--", source.url)
    lines = (line.partition("\t") for line in output.decode("utf-8", "replace").splitlines())
    match = {name: commit for commit, _, name in lines if _COMMIT.fullmatch(commit)}
    # NOTE: an annotated tag is an object of its own; the line that ends in `^{}` has the commit
    return {name: match.get(f"{name}^{{}}", commit) for name, commit in match.items() if not name.endswith("^{}")}


def commit_of(source: Git) -> str:
    """Return the commit at which the source's revision is now. Raises FetchError when there is none of that name."""
    if _COMMIT.fullmatch(source.rev):
        return source.rev
    refs = refs_of(source)
    names = (f"refs/tags/{source.rev}", f"refs/heads/{source.rev}", source.rev) if source.rev else ("HEAD",)
    commit = next((refs[name] for name in names if name in refs), None)
    if commit is None:
        what = f"no branch or tag `{source.rev}`" if source.rev else "no commit"
        raise FetchError(f"the repository `{source.url}` has {what}\nhelp: a commit has all of its 40 digits")
    return commit


def pack_at(source: Git, commit: str) -> PackFiles:
    """Return the pack at one commit.

    Raises FetchError when the commit can't be had, and PolicyError when there is no pack in it.
    """
    with tempfile.TemporaryDirectory(prefix="polcheck-", ignore_cleanup_errors=True) as folder:
        _fetch(source, commit, folder)
        return _read(source, commit, folder)


def _fetch(source: Git, commit: str, folder: str) -> None:
    _git(source, None, "init", "--quiet", "--bare", "--template=", "--", folder)
    try:
        _git(source, folder, "fetch", "--quiet", "--no-tags", "--depth=1", "--end-of-options", source.url, commit)
    except FetchError as error:
        # NOTE: servers may refuse to name a commit, and files behind a plain web server to be cut short
        _git(source, folder, "fetch", "--quiet", "--no-tags", "--end-of-options", source.url, "+refs/*:refs/all/*")
        if not _has(source, commit, folder):
            text = f"the commit {commit} is gone from `{source.url}`"
            help = "help: `polcheck pack update` locks what is there now"
            raise FetchError(f"{text}: `{source.rev or 'HEAD'}` was rewritten\n{help}") from error


def _has(source: Git, commit: str, folder: str) -> bool:
    try:
        _git(source, folder, "cat-file", "-e", f"{commit}^{{commit}}")
    except FetchError:
        return False
    return True


def _read(source: Git, commit: str, folder: str) -> PackFiles:
    name = str(source)
    try:
        tree = tree_of(folder, commit, source.subdirectory)
        result = read_revision(folder, tree, SubmissionBuilder(name, PACK_LIMITS))
    except SubmissionError as error:
        raise PolicyError([Problem(f"`{name}` can't be read: {error}")]) from error
    if "pack.yaml" not in result.files:
        help = "#subdirectory=folder says where in the repository it is"
        raise PolicyError([Problem(f"there is no pack.yaml in `{name}`", help=help)])
    return pack_of(name, result, name)


def _git(source: Git, folder: str | None, *arguments: str) -> bytes:
    settings = [part for setting in _SETTINGS for part in ("-c", setting)]
    place = ["-C", folder] if folder else []
    try:
        done = subprocess.run(
            ["git", "--no-pager", *settings, *place, *arguments],
            env=_environment(source),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=_SECONDS,
        )
    except FileNotFoundError as error:
        raise FetchError("git is needed for this, and it is not installed") from error
    except subprocess.TimeoutExpired as error:
        raise FetchError(f"git received nothing from `{source.url}` in {_SECONDS} seconds") from error
    if done.returncode:
        message = [line for line in done.stderr.decode("utf-8", "replace").splitlines() if line.strip()]
        why = next(
            (line.removeprefix("fatal: ") for line in message if line.startswith("fatal: ")), " ".join(message[:1])
        )
        raise FetchError(f"git can't get `{source.url}`: {why or 'no reason given'}")
    return done.stdout


def _environment(source: Git) -> Mapping[str, str]:
    """Return the user's environment, in which git looks at the repository that it's told and no other."""
    own = {name: value for name, value in os.environ.items() if name not in _ELSEWHERE}
    if source.url.startswith("http:"):
        own["NO_PROXY"] = own["no_proxy"] = urlsplit(source.url).hostname or ""
    # NOTE: without it ssh asks on the terminal whether a host is known
    own.setdefault("GIT_SSH_COMMAND", own.get("GIT_SSH", "ssh") + " -oBatchMode=yes")
    # NOTE: git asks this for redirects, too: what began encrypted never leads to what is not
    allowed = "https:ssh:file" if source.url.startswith("https:") else "https:http:ssh:file"
    return own | _ENVIRONMENT | {"GIT_ALLOW_PROTOCOL": allowed}
