"""What all tests share."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # NOTE: `packs` is a module of the tests, not of the package
