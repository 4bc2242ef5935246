"""A design-space study: every point evaluated and stored, the front of them, a report, the winner's
hardware."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from accelsim.cli.options import (
    Written,
    add_json,
    check_json_target,
    emit_json,
    whole_option,
)
from accelsim.errors import InputError, unknown_name

if TYPE_CHECKING:
    from accelsim.explore.session import Options

__all__ = ["configure", "run"]


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of ``accelsim explore``."""
    parser.add_argument("study", help="a shipped name (accelsim list studies) or a YAML file")
    parser.add_argument(
        "--store",
        metavar="PATH|URL",
        help="where points are kept: an SQLite file, or postgresql://USER@HOST/NAME; else the "
        "cache folder",
    )
    parser.add_argument(
        "--resume",
        action="store_true",
        help="go on with a study that was begun; try no failure again",
    )
    parser.add_argument("--method", help="exhaustive, random, nsga-ii or tpe; else the study's own")
    parser.add_argument("--points", metavar="N", help="points that are evaluated at most")
    parser.add_argument("--seed", metavar="S", help="of the points; else the study's own")
    parser.add_argument("--workers", metavar="N", help="processes; else as many as there are CPUs")
    parser.add_argument(
        "--scheduler", metavar="ADDRESS", help="evaluate on a Dask scheduler that runs"
    )
    parser.add_argument(
        "--dask-cluster", metavar="KIND", help="evaluate on a cluster: slurm or kubernetes"
    )
    parser.add_argument(
        "--no-cache", action="store_true", help="evaluate anew what is known from before"
    )
    parser.add_argument(
        "--report", metavar="DIR", help="write the page, the tables and the plot there"
    )
    parser.add_argument(
        "--point", metavar="N", help="the point of the front that --report and --build take"
    )
    parser.add_argument(
        "--build",
        metavar="DIR",
        nargs="?",
        const="",
        help="hardware of the chosen point: Verilog (into DIR, else STUDY-hardware), its trials, "
        "its cells",
    )
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the study, print, write."""
    from accelsim.explore.data import picked, report_data, summary_data
    from accelsim.explore.session import opened
    from accelsim.explore.text import study_text
    from accelsim.study import load_study

    check_json_target(arguments.json, _report(arguments.report))
    study = load_study(arguments.study, search=_search(arguments))
    options = _options(arguments)
    chosen = None if arguments.point is None else whole_option(arguments.point, "--point", least=0)
    _check_first(arguments, study)
    command = _command(arguments, study)
    with opened(study, options) as session:
        explored = session.run()
        if explored.front:
            picked(study, explored.front, chosen)  # Said before anything takes its time.
        playing = study.file.front_fidelity == "event"
        played = session.played(explored.front) if playing else {}
        data = summary_data(explored, played, command=command)
        if arguments.report:
            full = report_data(session, explored, played, command=command, chosen=chosen)
            points = (outcome.as_json() for outcome in session.outcomes(explored))
            _write_report(full, points, Path(arguments.report))
        print(f"store: {session.store.shown}", file=sys.stderr)
    built = _built(arguments, study, explored, chosen)
    if built is not None:
        data = {**data, "build": built}
    if arguments.json:
        emit_json(data, arguments.json)
    if arguments.json != "-":
        print(study_text(data, seconds=explored.seconds, reused=explored.reused))
    if not explored.front:
        _no_front(explored)
        return 2
    return 0 if built is None or built["verified"] else 1


def _write_report(data: dict[str, Any], points: Iterable[dict[str, Any]], folder: Path) -> None:
    from accelsim.explore.report.write import write_study_report

    written = write_study_report(data, points, folder)
    print(f"written: {', '.join(map(str, written))}", file=sys.stderr)


def _no_front(explored: Any) -> None:
    reasons = sorted(explored.failures.items(), key=lambda each: -each[1])
    for reason, points in reasons[:3]:
        many = f"{points:,} points" if points > 1 else "a point"
        print(f"accelsim: {many} failed: {reason}", file=sys.stderr)
    if explored.infeasible or explored.excluded:
        missed = explored.infeasible + explored.excluded
        print(f"accelsim: {missed:,} points miss a constraint", file=sys.stderr)


def _report(folder: str | None) -> Written:
    if not folder:
        return Written("--report", folder)
    from accelsim.explore.report.write import FILES

    return Written("--report", folder, FILES)


def _search(arguments: argparse.Namespace) -> dict[str, Any]:
    """Entries of a study's search that options change."""
    from accelsim.study.schema import METHODS

    changed: dict[str, Any] = {}
    if arguments.method is not None:
        if arguments.method not in METHODS:
            raise InputError(unknown_name("--method", arguments.method, METHODS))
        changed["method"] = arguments.method
    if arguments.points is not None:
        changed["points"] = whole_option(arguments.points, "--points", least=1, most=10**9)
    if arguments.seed is not None:
        changed["seed"] = whole_option(arguments.seed, "--seed", least=0, most=2**31 - 1)
    return changed


def _options(arguments: argparse.Namespace) -> Options:
    from accelsim.explore.session import Options

    for option in ("store", "scheduler", "dask_cluster"):
        if getattr(arguments, option) == "":
            raise InputError(f"--{option.replace('_', '-')} is empty; name one, or leave it out")
    if arguments.scheduler and arguments.dask_cluster:
        raise InputError("--scheduler and --dask-cluster are both given; keep one")
    if arguments.workers is not None:
        workers = whole_option(arguments.workers, "--workers", least=1, most=1024)
    else:
        workers = 1 if arguments.dask_cluster else os.cpu_count() or 1
    return Options(
        store=arguments.store,
        resume=arguments.resume,
        workers=workers,
        scheduler=arguments.scheduler,
        cluster=arguments.dask_cluster,
        cache=not arguments.no_cache,
    )


def _check_first(arguments: argparse.Namespace, study: Any) -> None:
    """What would be wrong at the end is said before anything takes its time."""
    if arguments.report:
        from accelsim.explore.report.write import require_study_report_packages
        from accelsim.files import check_folder

        require_study_report_packages()
        check_folder(Path(arguments.report))
    if arguments.build is not None:
        from accelsim.explore.hardware import hardware_of
        from accelsim.files import check_folder
        from accelsim.gateware.packages import require_hardware_packages

        hardware_of(study, study.space.point(0))
        require_hardware_packages()
        check_folder(_folder(arguments, study))


def _folder(arguments: argparse.Namespace, study: Any) -> Path:
    return Path(arguments.build or f"{Path(study.name).stem}-hardware")


def _command(arguments: argparse.Namespace, study: Any) -> str:
    """The command that gives the same points."""
    words = ["accelsim", "explore", study.name, "--seed", str(study.file.search.seed)]
    for option in ("method", "points"):
        if (value := getattr(arguments, option)) is not None:
            words += [f"--{option}", value]
    return shlex.join(words)


def _built(
    arguments: argparse.Namespace, study: Any, explored: Any, chosen: int | None
) -> dict[str, Any] | None:
    if arguments.build is None or not explored.front:
        return None
    from accelsim.explore.data import picked
    from accelsim.explore.hardware import build, hardware_of

    outcome, why = picked(study, explored.front, chosen)
    accelerator, settings = hardware_of(study, outcome.parameters)
    print(f"hardware of point {outcome.number}: {why}", file=sys.stderr)
    made = build(
        accelerator,
        settings,
        _folder(arguments, study),
        tell=lambda line: print(line, file=sys.stderr),
    )
    return {"number": outcome.number, **made}
