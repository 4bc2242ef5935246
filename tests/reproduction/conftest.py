import csv
import os
from collections.abc import Callable
from pathlib import Path

import pytest

Rows = list[dict[str, str]]


@pytest.fixture(scope="session")
def reference() -> Callable[[str], Rows]:
    """Rows of a reference file; skips where the folder with them is not named."""
    folder = os.environ.get("ACCELSIM_REFERENCE")
    if not folder:
        pytest.skip("ACCELSIM_REFERENCE does not name the folder with the reference figures")

    def rows(name: str) -> Rows:
        with (Path(folder) / name).open(newline="") as file:
            return list(csv.DictReader(file))

    return rows
