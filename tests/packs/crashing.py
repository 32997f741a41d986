"""Runs polcheck and kills the process at the Nth change of a file in two folders. `crashing.py N FOLDER FOLDER ARGS…`.

Reading changes nothing: who is killed at a read is as if killed after the change before it.
"""

import os
import sys

CHANGES = ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod", "os.truncate", "os.link", "os.symlink")
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
left = [int(sys.argv[1])]
folders = tuple(sys.argv[2:4])


def count(event: str, arguments: tuple[object, ...]) -> None:
    """Ends the process, without a chance to clean up, when enough was done."""
    changes = event in CHANGES or (event == "open" and int(str(arguments[2])) & WRITING)
    if changes and any(isinstance(one, str | os.PathLike) and inside(os.fspath(one)) for one in arguments):
        left[0] -= 1
        if left[0] < 0:
            os._exit(77)


def inside(path: object) -> bool:
    """Whether a path is in one of the folders."""
    return isinstance(path, str) and os.path.abspath(path).startswith(folders)  # noqa: PTH100


if __name__ == "__main__":
    from polcheck.cli import main

    sys.argv[:] = ["polcheck", *sys.argv[4:]]
    sys.addaudithook(count)
    main()
