"""Where a model spends its time on a device: operations, bytes and bounds, layer by layer."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from accelsim.cli.options import Written, add_json, check_json_target, emit_json
from accelsim.errors import InputError

__all__ = ["configure", "run"]

_LISTS = "; several with commas between"
_MOST = 2**31


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of ``accelsim roofline``."""
    parser.add_argument(
        "model",
        help="a shipped model (accelsim list models), a Hugging Face config.json or its folder, "
        "or any workload",
    )
    parser.add_argument(
        "--on",
        required=True,
        metavar="DEVICE",
        help=f"a shipped device (accelsim list devices) or a YAML file{_LISTS}",
    )
    parser.add_argument(
        "--stage",
        help="prefill, decode or generate (default; prefill of an encoder)" + _LISTS,
    )
    parser.add_argument("--batch", default="1", metavar="B", help=f"sequences (default 1){_LISTS}")
    parser.add_argument(
        "--context",
        metavar="S",
        help="positions of a sequence, in generate of the prompt (default 2048, or as many as the "
        f"model has){_LISTS}",
    )
    parser.add_argument(
        "--tokens",
        metavar="N",
        help=f"new tokens of a sequence, in generate (default 128){_LISTS}",
    )
    parser.add_argument(
        "--attention", default="unfused", help="unfused (default) or fused: scores stay on chip"
    )
    parser.add_argument(
        "--logits", help="all or last positions of a prefill (default all; last in generate)"
    )
    for name, what in (
        ("weights", "matrices of linear layers"),
        ("activations", "activations"),
        ("kv-cache", "cached keys and values"),
        ("embeddings", "token tables and the head"),
    ):
        parser.add_argument(
            f"--{name}",
            metavar="T",
            help=f"format of {what} (accelsim list formats), as published by default{_LISTS}",
        )
    parser.add_argument("--layers", action="store_true", help="a line for every layer")
    parser.add_argument(
        "--report", metavar="DIR", help="write an interactive page, plots and tables there"
    )
    add_json(parser)


def _parts(text: str | None, option: str) -> list[str]:
    """What stands between commas."""
    if text is None:
        return [""]
    parts = [part.strip() for part in text.split(",")]
    if not all(parts):
        raise InputError(f"{option} '{text}': a value is empty; write values with commas between")
    return list(dict.fromkeys(parts))


def _wholes(text: str | None, option: str) -> list[int]:
    """Whole numbers between commas, no number twice."""
    found = []
    for part in _parts(text, option):
        if not (part.isascii() and part.isdigit() and 0 < int(part[:12]) <= _MOST):
            raise InputError(
                f"{option} is '{part[:40]}', must be a whole number from 1 to {_MOST:,}"
            )
        found.append(int(part))
    return list(dict.fromkeys(found))


def _optional(text: str | None, option: str) -> Sequence[int | None]:
    return [None] if text is None else _wholes(text, option)


def _report(folder: str | None) -> Written:
    """What ``--report`` writes."""
    if not folder:
        return Written("--report", folder)
    from accelsim.report.roofline.write import FILES

    return Written("--report", folder, FILES)


def run(arguments: argparse.Namespace) -> int:
    """Compute, print, write."""
    devices = _parts(arguments.on, "--on")
    check_json_target(arguments.json, _report(arguments.report))
    if arguments.report:
        from accelsim.report.write import require_report_packages

        require_report_packages()
    from accelsim.roofline.result import SCHEMA_VERSION
    from accelsim.roofline.sweep import rooflines

    runs = rooflines(
        arguments.model,
        on=devices,
        stage=[part or None for part in _parts(arguments.stage, "--stage")],
        batch=_wholes(arguments.batch, "--batch"),
        context=_optional(arguments.context, "--context"),
        tokens=_optional(arguments.tokens, "--tokens"),
        attention=_parts(arguments.attention, "--attention"),
        logits=[arguments.logits],
        weights=_parts(arguments.weights, "--weights"),
        activations=_parts(arguments.activations, "--activations"),
        kv_cache=_parts(arguments.kv_cache, "--kv-cache"),
        embeddings=_parts(arguments.embeddings, "--embeddings"),
    )
    if arguments.report:
        from accelsim.report.roofline.write import write_roofline_report

        written = write_roofline_report(runs, Path(arguments.report))
        print(f"written: {', '.join(map(str, written))}", file=sys.stderr)
    if arguments.json:
        found = [each.as_json() for each in runs]
        several = {"schema_version": SCHEMA_VERSION, "runs": found}
        emit_json(found[0] if len(found) == 1 else several, arguments.json)
    if arguments.json != "-":
        from accelsim.report.roofline.text import roofline_text, rooflines_text

        if len(runs) == 1:
            print(roofline_text(runs[0], layers=arguments.layers))
        else:
            print(rooflines_text(runs, layers=arguments.layers))
    return 0
