"""Shipped models: what the reader counts, what arithmetic by hand counts, what is published."""

from __future__ import annotations

import json
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest

from accelsim.workload.models import kv_bytes_per_token, load_model, parameters

# Tests are no package, so the helper beside this file is loaded by its path.
_spec = spec_from_file_location("published", Path(__file__).with_name("published.py"))
assert _spec
assert _spec.loader
_published: Any = module_from_spec(_spec)
_spec.loader.exec_module(_published)

FOLDER = Path(__file__).parents[3] / "workloads" / "models"
NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))
# What transformers itself writes but no layer follows from; and the 1,000 labels of a picture.
NOISE = ("token_id", "dropout", "_pdrop", "use_cache", "version", "_name_or_path", "id2label")


def raw_of(name: str) -> dict[str, Any]:
    raw: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return raw


def label(row: Any) -> str:
    return f"{row.model}-{row.parameters}"


def test_every_shipped_model_has_a_count_of_somebody_else() -> None:
    known = {row.model for row in _published.COUNTS} | set(_published.BUILT)
    assert known == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_written_as_hugging_face_writes_it(name: str) -> None:
    text, raw = (FOLDER / f"{name}.json").read_text(encoding="utf-8"), raw_of(name)
    assert text == json.dumps(dict(sorted(raw.items())), indent=2) + "\n"
    assert not [key for key in raw if any(part in key for part in NOISE)]


@pytest.mark.parametrize("row", _published.COUNTS, ids=label)
def test_arithmetic_finds_the_published_count(row: Any) -> None:
    assert _published.counted(raw_of(row.model)) == row.parameters, row.source


@pytest.mark.parametrize("name", sorted(_published.BUILT))
def test_arithmetic_finds_what_transformers_builds(name: str) -> None:
    assert _published.counted(raw_of(name)) == _published.BUILT[name]


@pytest.mark.parametrize("row", _published.VARIANTS, ids=label)
def test_arithmetic_finds_the_count_of_a_variant(row: Any) -> None:
    assert _published.counted(varied(row)) == row.parameters


@pytest.mark.parametrize("name", NAMES)
def test_the_reader_counts_as_arithmetic_does(name: str) -> None:
    assert parameters(load_model(name)) == _published.counted(raw_of(name))


@pytest.mark.parametrize("row", _published.VARIANTS, ids=label)
def test_the_reader_finds_the_count_of_a_variant(row: Any, tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(varied(row)), encoding="utf-8")
    assert parameters(load_model(str(path))) == row.parameters


@pytest.mark.parametrize("row", _published.CACHES, ids=lambda row: row.model)
def test_the_reader_finds_the_published_cache(row: Any) -> None:
    assert kv_bytes_per_token(load_model(row.model), 16) == row.bytes_per_token, row.source


def varied(row: Any) -> dict[str, Any]:
    """The keys of a variant."""
    merged = {**raw_of(row.model), **row.changed}
    return {key: value for key, value in merged.items() if key not in row.dropped}
