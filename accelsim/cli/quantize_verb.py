"""Weights in few bits: quantise the tensors of a file, and compare the errors of formats."""

from __future__ import annotations

import argparse
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from accelsim.cli.options import Written, add_json, check_json_target, emit_json, whole_option
from accelsim.errors import InputError

if TYPE_CHECKING:
    from accelsim.quantization.schemes import Scheme

__all__ = ["configure", "run"]

_DEFAULT = "bitmod-fp4"


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of ``accelsim quantize``."""
    parser.add_argument(
        "file",
        help=".npy, .npz, .safetensors, a folder of .safetensors, or its index.json",
    )
    parser.add_argument(
        "--format",
        action="append",
        metavar="T",
        help=f"bitmod-fp4, bitmod-fp3, int8, int6, int4, int3, ant4, ant3, olive4, olive8 (default "
        f"{_DEFAULT}); several with commas between are compared",
    )
    parser.add_argument(
        "--group",
        default="128",
        metavar="N",
        help="weights that share a scale (default 128), or none: a whole output channel",
    )
    parser.add_argument(
        "--scale-bits",
        default="8",
        metavar="B",
        help="bits of a group's scale, 2 to 8 (default 8), or none: binary32",
    )
    parser.add_argument(
        "--match",
        metavar="GLOB",
        help="quantise the tensors with such a name, embeddings too (default: all but embeddings)",
    )
    parser.add_argument(
        "--no-search",
        action="store_true",
        help="ANT and OliVe: take scales as they are, without the published search (much faster)",
    )
    parser.add_argument(
        "-o", "--output", metavar="PATH", help="write the codes as .npz or .safetensors"
    )
    parser.add_argument(
        "--report", metavar="DIR", help="write plots, a table and a page of Markdown there"
    )
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Quantise, print, write."""
    schemes = _schemes(arguments.format or [_DEFAULT], search=not arguments.no_search)
    group = _number(arguments.group, "--group", 2, 1 << 20)
    scale_bits = _number(arguments.scale_bits, "--scale-bits", 2, 8)
    _check_targets(arguments, schemes)
    from accelsim.quantization.model import quantize_tensors
    from accelsim.quantization.save import quantized_file
    from accelsim.quantization.tensors import open_tensors

    tensors = open_tensors(Path(arguments.file))
    output = arguments.output
    with quantized_file(Path(output)) if output else nullcontext() as file:
        errors = quantize_tensors(
            tensors,
            schemes,
            file=arguments.file,
            group=group,
            scale_bits=scale_bits,
            match=arguments.match,
            keep=file.add if file else None,
        )
    if arguments.report:
        from accelsim.report.quantization.write import write_quantization_report

        written = write_quantization_report(errors, Path(arguments.report))
        print(f"written: {', '.join(map(str, written))}", file=sys.stderr)
    if arguments.json:
        emit_json(errors.as_json(), arguments.json)
    if arguments.json != "-":
        from accelsim.report.quantization.text import quantization_text

        print(quantization_text(errors))
    return 0


def _schemes(written: list[str], *, search: bool) -> list[Scheme]:
    """The formats that were asked for, no format twice."""
    from dataclasses import replace

    from accelsim.quantization.schemes import scheme_named

    names = [part.strip() for text in written for part in text.split(",")]
    if not all(names):
        raise InputError("--format: a value is empty; write formats with commas between")
    found = [scheme_named(name) for name in dict.fromkeys(names)]
    return found if search else [replace(each, clips=(1.0,)) for each in found]


def _number(text: str, option: str, least: int, most: int) -> int | None:
    return None if text == "none" else whole_option(text, option, least=least, most=most)


def _check_targets(arguments: argparse.Namespace, schemes: list[Scheme]) -> None:
    """Refuse what cannot be written before anything takes its time."""
    report, output = arguments.report, arguments.output
    files: tuple[str, ...] = ()
    if report:
        from accelsim.files import check_folder
        from accelsim.report.quantization.write import FILES
        from accelsim.report.write import require_report_packages

        require_report_packages()
        check_folder(Path(report))
        files = FILES
    written = Written("--report", report, files)
    check_json_target(arguments.json, Written("-o", output), written)
    if not output:
        return
    from accelsim.quantization.save import check_target

    check_target(Path(output))
    if Path(output).resolve() == Path(arguments.file).resolve():
        raise InputError(f"-o '{output}' is the input; name another file")
    if written.holds(Path(output)):
        raise InputError(f"-o '{output}' is a file of --report '{report}'; name another")
    if len(schemes) > 1:
        names = ", ".join(each.name for each in schemes)
        raise InputError(f"-o takes one format, but --format names {names}; drop all but one")
