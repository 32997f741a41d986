"""Properties that are worked out once, without a lock.

NOTE: `functools.cached_property` of Python 3.11 holds a lock of the class while it works one out. A process that is
forked meanwhile gets the lock as it was, held by a thread that it doesn't have, and waits for it forever. Two threads
that ask for one at the same time may both work it out here, as in Python 3.12 and later.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING or sys.version_info >= (3, 12):
    from functools import cached_property
else:

    class cached_property:  # noqa: N801 - it is called as in `functools`
        """A property that is worked out when it is first asked for, and kept in the object's `__dict__`."""

        def __init__(self, make):
            self.make = make
            self.name = None
            self.__doc__ = make.__doc__

        def __set_name__(self, owner, name):
            self.name = name

        def __get__(self, instance, owner=None):
            if instance is None:
                return self
            value = instance.__dict__[self.name] = self.make(instance)
            return value


__all__ = ["cached_property"]
