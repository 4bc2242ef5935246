"""The best mapping of a workload onto an architecture: its nest, its front, what proves it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from accelsim.cli.mapping_options import add_mapping, mapping_arguments
from accelsim.cli.options import Written, add_json, check_json_target, emit_json
from accelsim.errors import InputError

if TYPE_CHECKING:
    from accelsim.model.result import Result
    from accelsim.pipeline import MappedWorkload

__all__ = ["configure", "run"]

_PICTURES = (".dot", ".png", ".svg")


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of ``accelsim map``."""
    add_mapping(parser)
    parser.set_defaults(mapper="optimal")
    parser.add_argument(
        "--explain",
        action="store_true",
        help="say where time and energy go, and which changes of the machine help most",
    )
    parser.add_argument(
        "--front", action="store_true", help="list all choices between time and energy"
    )
    parser.add_argument(
        "-o", "--output", metavar="MAPPER.yaml", help="write the mapping as a mapper file"
    )
    parser.add_argument(
        "--graph", metavar="PATH", help="draw the nest: a .dot, .png or .svg file; one layer only"
    )
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Map, write, print."""
    _check_outputs(arguments)
    check_json_target(
        arguments.json, Written("-o", arguments.output), Written("--graph", arguments.graph)
    )
    from accelsim.pipeline import map_workload

    options = mapping_arguments(arguments)
    found = map_workload(arguments.workload, **options, front=True)
    _write(arguments, found)
    if arguments.json:
        from accelsim.report.mapping_text import mapping_json

        emit_json(mapping_json(found, at_most=options["at_most"]), arguments.json)
    if arguments.json != "-":
        _print(arguments, found, options)
    return 0


def _check_outputs(arguments: argparse.Namespace) -> None:
    """Refuse before any search what could not be written after it."""
    problems = []
    for option, name, suffixes in (
        ("-o", arguments.output, (".yaml", ".yml")),
        ("--graph", arguments.graph, _PICTURES),
    ):
        if name is None:
            continue
        path = Path(name)
        if path.suffix not in suffixes:
            problems.append(f"{option} is '{name}', must end in {' or '.join(suffixes)}")
        elif not path.parent.is_dir():
            problems.append(f"{option} is '{name}', must lie in a folder that exists; make it")
        elif path.is_dir():
            problems.append(f"{option} is '{name}', which is a folder; name a file")
    if problems:
        raise InputError(problems)


def _write(arguments: argparse.Namespace, found: MappedWorkload) -> None:
    written = []
    if arguments.graph and len(found.plans.plans) > 1:
        raise InputError(
            f"--graph draws one layer, but '{found.workload.name}' has "
            f"{len(found.plans.plans)}; map one of them on its own"
        )
    if arguments.output:
        from accelsim.files import write_text
        from accelsim.report.mapping_text import mapper_text

        write_text(Path(arguments.output), mapper_text(found))
        written.append(arguments.output)
    if arguments.graph:
        from accelsim.report.nest_graph import write_nest

        write_nest(found.plans.plans[0], found.architecture, Path(arguments.graph))
        written.append(arguments.graph)
    if written:
        print(f"written: {', '.join(written)}", file=sys.stderr)


def _print(
    arguments: argparse.Namespace, found: MappedWorkload, options: Mapping[str, Any]
) -> None:
    from accelsim.report.mapping_text import front_text, mapping_text, nests_text

    print(mapping_text(found))
    if arguments.front:
        print(f"\n{front_text(found)}")
    if not arguments.explain:
        print(f"\n{nests_text(found)}")
        return
    from accelsim.report.explain import explain

    again = partial(_resimulate, arguments.workload, options)
    print()
    print(explain(found.plans.plans, found.architecture, found.result, resimulate=again))


def _resimulate(
    workload: str, options: Mapping[str, Any], settings: Mapping[str, int | float]
) -> Result:
    """The result with some figures of the machine changed, mapped anew."""
    from accelsim.pipeline import simulate

    # Bounds are for the machine as it is; a change is judged by the objective alone.
    changed = {**options, "arch": {**options["arch"], **settings}, "at_most": None}
    return simulate(workload, **changed)
