"""Runs made up for the pictures, timed here step by step, and one browser for all tests."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

DEVICES: dict[str, dict[str, Any]] = {
    "a100-40g": {
        "title": "NVIDIA A100 SXM4 40 GB",
        "capacity": 40_000_000_000,
        "roofs": {
            "bandwidth_bytes_per_s": 1.555e12,
            "peak_operations_per_s": {
                "tf32": 156e12,
                "fp16": 312e12,
                "bf16": 312e12,
                "int8": 624e12,
                "int4": 1248e12,
                "fp16 2:4": 624e12,
            },
            "vector_operations_per_s": 39e12,
        },
    },
    "h100": {
        "title": "NVIDIA H100 SXM5",
        "capacity": 80_000_000_000,
        "roofs": {
            "bandwidth_bytes_per_s": 3.35e12,
            "peak_operations_per_s": {
                "fp16": 989.4e12,
                "bf16": 989.4e12,
                "fp8": 1978.9e12,
                "fp32": 133.8e12,
            },
            "vector_operations_per_s": 133.8e12,
        },
    },
    "edge": {
        "title": "A small device whose capacity is not known",
        "capacity": None,
        "roofs": {
            "bandwidth_bytes_per_s": 51.2e9,
            "peak_operations_per_s": {"fp16": 8e12, "int8": 16e12},
            "vector_operations_per_s": None,
        },
    },
    "bare": {
        "title": "A device of which only the bandwidth is known",
        "capacity": None,
        "roofs": {
            "bandwidth_bytes_per_s": 76.8e9,
            "peak_operations_per_s": {},
            "vector_operations_per_s": None,
        },
    },
    "tiny": {
        "title": "A device with too little memory",
        "capacity": 4_000_000_000,
        "roofs": {
            "bandwidth_bytes_per_s": 900e9,
            "peak_operations_per_s": {"fp16": 125e12},
            "vector_operations_per_s": 15.7e12,
        },
    },
}
WIDTH, HEADS, HIDDEN, WORDS, BLOCKS = 4096, 32, 11008, 32000, 32


def _point(matrix: float, vector: float, moved: float, computes_in: str = "fp16") -> dict[str, Any]:
    matrix_operations = {computes_in: matrix} if matrix else {}
    return {"matrix_operations": matrix_operations, "vector_operations": vector, "bytes": moved}


def _costs(
    tokens: int, context: int
) -> dict[str, tuple[str, int, tuple[float, float, float, float]]]:
    """Kind, repeat and (matrix operations, vector operations, weights, activations) of a layer."""
    t, c, d, h = tokens, context, WIDTH, HIDDEN

    def linear(inputs: int, outputs: int) -> tuple[float, float, float, float]:
        return 2 * t * inputs * outputs, 0, 2 * inputs * outputs, 2 * t * (inputs + outputs)

    def vector(width: int, each: int) -> tuple[float, float, float, float]:
        return 0, t * width * each, 0, 4 * t * width

    scores = t * c * HEADS
    cache = 2 * c * d
    return {
        "embedding": ("embedding", 1, (0, 0, 2 * t * d, 2 * t * d)),
        "input_norm": ("norm", BLOCKS, vector(d, 4)),
        "q_proj": ("linear", BLOCKS, linear(d, d)),
        "k_proj": ("linear", BLOCKS, linear(d, d)),
        "v_proj": ("linear", BLOCKS, linear(d, d)),
        "rotary": ("elementwise", BLOCKS, vector(2 * d, 3)),
        "scores": ("attention", BLOCKS, (2 * t * c * d, 0, 0, cache + 2 * t * d + 2 * scores)),
        "softmax": ("softmax", BLOCKS, (0, 5 * scores, 0, 4 * scores)),
        "context": ("attention", BLOCKS, (2 * t * c * d, 0, 0, cache + 2 * t * d + 2 * scores)),
        "o_proj": ("linear", BLOCKS, linear(d, d)),
        "post_norm": ("norm", BLOCKS, vector(d, 4)),
        "gate_proj": ("linear", BLOCKS, linear(d, h)),
        "up_proj": ("linear", BLOCKS, linear(d, h)),
        "silu": ("elementwise", BLOCKS, vector(h, 5)),
        "down_proj": ("linear", BLOCKS, linear(h, d)),
        "final_norm": ("norm", 1, vector(d, 4)),
        "lm_head": ("linear", 1, linear(d, WORDS)),
    }


def _layers(stage: str, batch: int, context: int, tokens: int | None) -> list[dict[str, Any]]:
    width = batch * (context if stage == "prefill" else 1)
    steps = tokens or 1
    first, last = _costs(width, context), _costs(width, context + steps - 1)
    layers = []
    for name, (kind, repeat, start) in first.items():
        end = last[name][2]
        segment = {
            "steps": steps,
            "first": _point(start[0], start[1], start[2] + start[3]),
            "last": _point(end[0], end[1], end[2] + end[3]),
        }
        mean = [(a + b) / 2 for a, b in zip(start, end, strict=True)]
        layers.append(
            {
                "name": name,
                "kind": kind,
                "stage": stage,
                "repeat": repeat * steps,
                "operations": mean[0] + mean[1],
                "bytes": mean[2] + mean[3],
                "intensity": (mean[0] + mean[1]) / (mean[2] + mean[3]),
                "computes_in": "fp16" if start[0] else "vector",
                "bytes_by_class": {"weights": mean[2], "activations": mean[3], "kv_cache": 0},
                "dequantize_operations": 0,
                "segments": [segment],
            }
        )
    return layers


Scale = Mapping[str, float]
AS_BUILT: Scale = {"bandwidth": 1.0, "peak": 1.0}


def step_times(
    layer: Mapping[str, Any], roofs: Mapping[str, Any], scale: Scale
) -> list[list[float]]:
    """Needs of each step of a layer: memory, compute, vector; the plain rule, no shortcuts."""
    found = []
    for segment in layer["segments"]:
        first, last, steps = segment["first"], segment["last"], segment["steps"]
        for i in range(steps):
            part = i / (steps - 1) if steps > 1 else 0.0

            def at(a: float, b: float, part: float = part) -> float:
                return a + (b - a) * part

            compute = sum(
                at(first["matrix_operations"][name], last["matrix_operations"][name])
                / (roofs["peak_operations_per_s"][name] * scale["peak"])
                for name in first["matrix_operations"]
            )
            vector = 0.0
            if roofs["vector_operations_per_s"] is not None:
                vector = at(first["vector_operations"], last["vector_operations"]) / (
                    roofs["vector_operations_per_s"] * scale["peak"]
                )
            moved = at(first["bytes"], last["bytes"])
            memory = moved / (roofs["bandwidth_bytes_per_s"] * scale["bandwidth"])
            found.append([memory, compute, vector])
    return found


def layer_seconds(layer: Mapping[str, Any], roofs: Mapping[str, Any], **scale: float) -> float:
    """Mean seconds of a layer's steps on a device with scaled roofs."""
    times = [max(needs) for needs in step_times(layer, roofs, {**AS_BUILT, **scale})]
    return sum(times) / len(times)


def run_seconds(run: Mapping[str, Any], **scale: float) -> float:
    """Seconds of all layers of a run."""
    return sum(
        layer["repeat"] * layer_seconds(layer, run["roofs"], **scale) for layer in run["layers"]
    )


def _forget_products(layers: list[dict[str, Any]]) -> None:
    """Products without a peak take the time of their bytes, as the engine has it."""
    for layer in layers:
        layer["computes_in"] = "vector"
        for segment in layer["segments"]:
            for end in ("first", "last"):
                segment[end]["matrix_operations"] = {}


def _bound(layer: Mapping[str, Any], roofs: Mapping[str, Any]) -> str:
    spent = {"memory": 0.0, "compute": 0.0, "vector": 0.0}
    for needs in step_times(layer, roofs, AS_BUILT):
        longest = max(range(3), key=needs.__getitem__)
        spent[list(spent)[longest]] += needs[longest]
    return max(spent, key=spent.__getitem__)


def synthetic_run(
    *,
    device: str = "a100-40g",
    stage: str = "decode",
    batch: int = 1,
    context: int = 2048,
    tokens: int | None = None,
    rename: Mapping[str, str] | None = None,
    **other: Any,
) -> dict[str, Any]:
    """One run in the form that the verb writes; ``rename`` gives layers other names."""
    if stage == "generate":
        layers = _layers("prefill", batch, context, None)
        layers += _layers("decode", batch, context + 1, tokens)
    else:
        layers = _layers(stage, batch, context, None)
    about = DEVICES[device]
    if not about["roofs"]["peak_operations_per_s"]:
        _forget_products(layers)
    for layer in layers:
        layer["seconds"] = layer_seconds(layer, about["roofs"])
        layer["bound"] = _bound(layer, about["roofs"])
        layer["name"] = (rename or {}).get(layer["name"], layer["name"])
    run: dict[str, Any] = {
        "schema_version": 1,
        "version": "0.0",
        "model": "llama-2-7b",
        "device": device,
        "device_title": about["title"],
        "stage": stage,
        "batch": batch,
        "context": context,
        "tokens": tokens,
        "attention": "unfused",
        "weights": "fp16",
        "activations": "fp16",
        "kv_cache": "fp16",
        "embeddings": "fp16",
        "notes": [],
        "layers": layers,
        "roofs": about["roofs"],
    }
    run["total"] = _total(run, about["capacity"])
    return run | other


def _total(run: Mapping[str, Any], capacity: int | None) -> dict[str, Any]:
    layers, batch, tokens = run["layers"], run["batch"], run["tokens"]
    seconds = run_seconds(run)
    operations, moved = (
        sum(layer["repeat"] * layer[name] for layer in layers) for name in ("operations", "bytes")
    )

    def stage_seconds(stage: str) -> float | None:
        times = [one["repeat"] * one["seconds"] for one in layers if one["stage"] == stage]
        return sum(times) if times else None

    decode = stage_seconds("decode")
    made = {"decode": 1, "prefill": run["context"]}.get(run["stage"], tokens or 1)
    cache = 2 * 2 * BLOCKS * WIDTH * batch * run["context"]
    used = {"weights": 13_476_831_232, "kv_cache": cache, "activations": 200_000_000 * batch}
    used["total"] = sum(used.values())
    return {
        "operations": operations,
        "bytes": moved,
        "intensity": operations / moved,
        "seconds": seconds,
        "tokens_per_s": batch * made / seconds,
        "time_to_first_token_s": stage_seconds("prefill"),
        "time_per_output_token_s": decode and decode / (tokens or 1),
        "dequantize_operations": 0,
        "memory_bytes": used,
        "memory_capacity_bytes": capacity,
        "fits": None if capacity is None else used["total"] <= capacity,
    }


@pytest.fixture(scope="session")
def make_run() -> Callable[..., dict[str, Any]]:
    return synthetic_run


@pytest.fixture(scope="session")
def seconds_of_run() -> Callable[..., float]:
    return run_seconds


@pytest.fixture(scope="session")
def seconds_of_layer() -> Callable[..., float]:
    return layer_seconds


@pytest.fixture
def open_page(browser: Any, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Opens the page of some runs in a browser without a network, and waits until it is drawn.

    At the end nothing may have been written to the console, raised or asked of a server.
    """
    from accelsim.report.roofline.page import roofline_page

    context = browser.new_context(viewport={"width": 1280, "height": 900}, offline=True)
    faults: list[str] = []

    def opened(runs: Any, fragment: str = "") -> Any:
        path = tmp_path / "roofline.html"
        path.write_text(roofline_page(runs), encoding="utf-8")
        page = context.new_page()
        page.on("console", lambda message: faults.append(message.text))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("dialog", lambda dialog: (faults.append("dialog"), dialog.dismiss()))
        page.on(
            "request",
            lambda request: None if request.url.startswith("file:") else faults.append(request.url),
        )
        page.goto(path.as_uri() + fragment)
        return page

    yield opened
    context.close()
    assert faults == []
