"""Files of models for tests: read, or refused."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from accelsim.errors import InputError
from accelsim.workload.models import Transformer, load_model

LLAMA: dict[str, Any] = {
    "model_type": "llama",
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_attention_heads": 8,
    "num_hidden_layers": 3,
    "vocab_size": 100,
    "torch_dtype": "float16",
}
"""A sound file to change: each key stands on a line of its own, the first on line 2."""

Problems = Callable[..., list[str]]
Read = Callable[..., Transformer]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """The model of a file with some keys changed; those that are None stand as null."""

    def load(base: dict[str, Any] = LLAMA, **changed: object) -> Transformer:
        path = tmp_path / "config.json"
        path.write_text(json.dumps({**base, **changed}, indent=1), encoding="utf-8")
        return load_model(str(path))

    return load


@pytest.fixture
def problems(tmp_path: Path) -> Problems:
    """The messages with which a file is refused, its path written as ``F``."""

    def refuse(content: str | bytes | dict[str, Any], **changed: object) -> list[str]:
        path = tmp_path / "config.json"
        if isinstance(content, dict):
            content = json.dumps({**content, **changed}, indent=1)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        with pytest.raises(InputError) as caught:
            load_model(str(path))
        return [problem.replace(str(path), "F") for problem in caught.value.problems]

    return refuse
