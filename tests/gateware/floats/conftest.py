"""Tests are no package: the helpers beside these files are found by their folder."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
