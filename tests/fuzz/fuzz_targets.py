"""What is attacked: for each entry an input made from a random source, and the call on it."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

import fuzz_einsums
from fuzz_files import cascade_file, damaged_file, device_file, model_file, result_file
from fuzz_texts import any_text, arithmetic, soup

from accelsim.architecture import load_architecture
from accelsim.architecture.devices import load_device
from accelsim.checking import check_file, format_text
from accelsim.documents import parse_document, read_document
from accelsim.einsum.format import format_cascade
from accelsim.einsum.parser import parse_statement
from accelsim.einsum.sizes import resolve_sizes
from accelsim.expressions import evaluate_condition, evaluate_expression, names_in
from accelsim.mapping.load import load_mapper
from accelsim.model.result_file import load_result
from accelsim.roofline import roofline
from accelsim.workload.analysis import analyse_workload
from accelsim.workload.load import load_workload
from accelsim.workload.models import load_model

Input = str | bytes
Run = Callable[[Input, Path], list[Callable[[], object]]]


@dataclass(frozen=True)
class Target:
    """One way in: ``make`` an input, and ``calls`` that it goes through, one after the other."""

    make: Callable[[Random], Input]
    calls: Run
    share: int
    """Of all inputs, in percent."""


_numbers = itertools.count()


def placed(content: Input, folder: Path, suffix: str = ".yaml") -> Path:
    """The input as a file under a name that was not used before: documents are kept by name."""
    path = folder / f"fuzz-{next(_numbers)}{suffix}"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def statement_calls(text: Input, folder: Path) -> list[Callable[[], object]]:
    assert isinstance(text, str)
    return [lambda: round_trip(text)]


def round_trip(text: str) -> None:
    """The canonical form says the same, and is its own canonical form."""
    tree = parse_statement(text)
    (new,) = format_cascade([text])
    assert parse_statement(new) == tree, f"{text!r} is formatted as {new!r}, which says another"
    assert format_cascade([new]) == [new], f"{new!r} is formatted in turn"


def sum_calls(text: Input, folder: Path) -> list[Callable[[], object]]:
    assert isinstance(text, str)
    names = {"M": 3, "N": 0, "a.b": 7}
    return [
        lambda: evaluate_expression(text, names),
        lambda: evaluate_condition(text, names),
        lambda: names_in(text),
        lambda: resolve_sizes({"M": text, "N": "M * 2"}, {"P": "M - N"}, where="f.yaml"),
        lambda: resolve_sizes({"M": 4}, {}, {"M": text}),
    ]


def document_calls(content: Input, folder: Path) -> list[Callable[[], object]]:
    path = placed(content, folder)
    text = content if isinstance(content, str) else content.decode("utf-8", "surrogateescape")
    return [
        lambda: check_file(str(path)),
        lambda: read_document(path),
        lambda: parse_document(text, name="f.yaml"),
        lambda: formatted(text),
        lambda: analyse_workload(str(path)).as_json(),
        lambda: load_workload(str(path), {"M": 3}),
    ]


def formatted(text: str) -> None:
    new = format_text(text, name="f.yaml")
    assert format_text(new, name="f.yaml") == new, "the canonical form is formatted in turn"


def architecture_calls(content: Input, folder: Path) -> list[Callable[[], object]]:
    path = str(placed(content, folder))
    overrides = ({"clock_hz": 1e9}, {"word_bits": 0}, {"array.rows": "2*M"}, {"mapper": "x"})
    some: list[dict[str, int | float | str]] = [*overrides, {"components": 1}, {"a.b.c": "null"}]
    some += [{"DRAM.energy_pj.read": 1}, {"array.energy_pj.mac": "null"}, {"x": 1}]
    override = some[len(content) % len(some)]
    return [
        lambda: load_architecture(path),
        lambda: load_architecture(path, override),
        lambda: check_file(path),
    ]


def mapper_calls(content: Input, folder: Path) -> list[Callable[[], object]]:
    path = str(placed(content, folder))
    return [lambda: load_mapper(path), lambda: check_file(path, kind="mapper")]


def result_calls(content: Input, folder: Path) -> list[Callable[[], object]]:
    path = placed(content, folder, ".json")
    return [lambda: load_result(path), lambda: check_file(str(path))]


def device_calls(content: Input, folder: Path) -> list[Callable[[], object]]:
    path = str(placed(content, folder))
    return [
        lambda: load_device(path),
        lambda: check_file(path),
        lambda: sound_roofline("gpt2", path, stage="decode", context=64),
        lambda: sound_roofline("llama-2-7b", path, stage="prefill", weights="int4-g128"),
    ]


def model_calls(content: Input, folder: Path) -> list[Callable[[], object]]:
    path = str(placed(content, folder, ".json"))
    return [
        lambda: load_model(path),
        lambda: check_file(path),
        lambda: sound_roofline(path, "h100-sxm", stage="prefill", attention="fused"),
        lambda: sound_roofline(path, "t4", stage="decode", batch=3),
        lambda: sound_roofline(path, "t4", context=40, tokens=50),
    ]


def sound_roofline(
    model: str,
    device: str,
    *,
    stage: str | None = None,
    attention: str = "unfused",
    context: int | None = None,
    batch: int = 1,
    tokens: int | None = None,
    weights: str = "",
) -> None:
    """Whatever is accepted has a finite time, says so in JSON, and is the sum of its layers."""
    run = roofline(
        model,
        on=device,
        stage=stage,
        attention=attention,
        context=context,
        batch=batch,
        tokens=tokens,
        weights=weights,
    )
    values = json.loads(json.dumps(run.as_json(), allow_nan=False))
    total = values["total"]
    assert total["seconds"] > 0, "takes no time"
    for figure in ("operations", "bytes", "seconds"):
        parts = sum(layer[figure] * layer["repeat"] for layer in values["layers"])
        assert abs(parts - total[figure]) <= 1e-9 * total[figure], f"{figure} do not add up"


TARGETS = {
    "statement": Target(fuzz_einsums.statement, statement_calls, 31),
    "soup": Target(soup, statement_calls, 10),
    "text": Target(any_text, statement_calls, 5),
    "sum": Target(arithmetic, sum_calls, 15),
    "cascade": Target(cascade_file, document_calls, 8),
    "workload": Target(lambda rng: damaged_file(rng, "workload"), document_calls, 8),
    "architecture": Target(lambda rng: damaged_file(rng, "architecture"), architecture_calls, 5),
    "mapper": Target(lambda rng: damaged_file(rng, "mapper"), mapper_calls, 5),
    "result": Target(result_file, result_calls, 4),
    "device": Target(device_file, device_calls, 4),
    "model": Target(model_file, model_calls, 5),
}
