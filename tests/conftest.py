"""What all tests share."""

import sys
from pathlib import Path

from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parent))  # NOTE: `packs` is a module of the tests, not of the package

# NOTE: the suite gates merges, so it tries the same examples each time and on a machine of any speed;
# `pytest --hypothesis-profile=explore` looks for new ones
settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("explore", deadline=None)
settings.load_profile("same")
