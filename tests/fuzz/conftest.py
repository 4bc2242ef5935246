"""The generators and the judge are plain modules beside the tests, for `run.py` too."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
