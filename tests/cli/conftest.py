import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from accelsim.cli.main import main

Outcome = tuple[int, str, str]

TINY: dict[str, Any] = {
    "model_type": "llama",
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_attention_heads": 4,
    "num_hidden_layers": 2,
    "vocab_size": 100,
    "torch_dtype": "float16",
}


@pytest.fixture
def accelsim_cli(capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """Runs the command line in this process: exit code, stdout, stderr."""

    def run(*arguments: str) -> Outcome:
        capsys.readouterr()
        try:
            code = main(list(arguments))
        except SystemExit as error:  # argparse's own way out
            code = int(error.code or 0)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


@pytest.fixture
def tiny_keys() -> dict[str, Any]:
    """The keys of a small model's config.json."""
    return dict(TINY)


@pytest.fixture
def tiny(tmp_path: Path) -> str:
    """The folder of that file."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(TINY))
    return str(folder)
