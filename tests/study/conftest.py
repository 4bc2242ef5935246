from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from accelsim.study import Study, load_study

PLAIN: dict[str, Any] = {
    "name": "rows",
    "parameters": {"rows": [8, 16]},
    "on": "ref3",
    "workload": "matmul",
    "arch": {"PEs.rows": "rows"},
    "minimize": ["cycles"],
}


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., str]:
    """Writes a study with some keys changed (``None``: left out): its path."""

    def write(text: str | None = None, **changed: Any) -> str:
        keys = {k: v for k, v in {**PLAIN, **changed}.items() if v is not None}
        path = tmp_path / "study.yaml"
        path.write_text(yaml.safe_dump(keys, sort_keys=False) if text is None else text)
        return str(path)

    return write


@pytest.fixture
def study(written: Callable[..., str]) -> Callable[..., Study]:
    """The same, loaded."""
    return lambda **changed: load_study(written(**changed))
