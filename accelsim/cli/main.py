"""`accelsim VERB ...`: finds the verb, turns errors into messages and exit codes.

Exit codes: 0 done; 1 a check failed, or a fault of ours; 2 the input is wrong; 130 interrupted.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import TextIO

from accelsim.errors import InputError, Interrupted, UnsupportedError
from accelsim.version import __version__

__all__ = ["main"]

VERBS = {
    "simulate": "cycles, energy and traffic of a workload on an architecture",
    "explore": "which design is best: a space of them, evaluated, stored, its front and a report",
    "roofline": "where a model spends its time on a device, layer by layer",
    "quantize": "weights in few bits: the error of every format, tensor by tensor",
    "map": "the best mapping, with its nest, its front and its proof; a mapper file of it",
    "compare": "what changed between two results, and why",
    "passes": "passes, fusion, footprints and traffic that a cascade implies on every machine",
    "check": "every problem of your files, with line and column; their layout",
    "validate": "published figures beside ours",
    "verilog": "an accelerator's hardware: Verilog, a test bench, cells and clock on an FPGA",
    "verify": "random trials of an accelerator's hardware against NumPy and the models",
    "demo": "BERT attention on FuseMax, FLAT and an unfused array, with a report",
    "list": "what ships: workloads, architectures, mappers, ...",
    "schema": "JSON Schema of a kind of file, for editors",
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="accelsim",
        description="What a computation costs on a machine-learning accelerator.",
        epilog="accelsim VERB --help tells more of each.",
    )
    parser.add_argument("--version", action="version", version=f"accelsim {__version__}")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    for verb, summary in VERBS.items():
        module = import_module(f"accelsim.cli.{verb}_verb")
        sub = verbs.add_parser(verb, help=summary, description=module.__doc__)
        module.configure(sub)
        sub.set_defaults(run=module.run)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb and return the exit code."""
    _open_what_is_closed()
    arguments = _parser().parse_args(argv)
    try:
        code: int = arguments.run(arguments)
        sys.stdout.flush()
        return code
    except InputError as error:
        return _end(2, *error.problems)
    except UnsupportedError as error:
        return _end(2, str(error))
    except Interrupted as stopped:
        return _end(130, str(stopped))
    except KeyboardInterrupt:
        # As shells count a process that SIGINT ended.
        return _end(130, f"interrupted{_kept(arguments)}")
    except OSError as error:
        return _end_without_output(error)


def _open_what_is_closed() -> None:
    """Let what the caller closed lead nowhere."""
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115


def _kept(arguments: argparse.Namespace) -> str:
    """What an interruption leaves, of a verb that searches."""
    if getattr(arguments, "no_cache", True):
        return ""
    return "; searches that were done are kept"


def _end(code: int, *messages: str) -> int:
    """Say why, where anybody still listens, and hand on the exit code."""
    try:
        for message in messages:
            print(f"accelsim: {message}", file=sys.stderr)
        sys.stderr.flush()
    except OSError:
        _lead_nowhere(sys.stderr)
    return code


def _end_without_output(error: OSError) -> int:
    """End after something could not be written: the reader of our output left, or of our messages;
    or a disk under it is full, say."""
    read = isinstance(error, BrokenPipeError) and _is_read(sys.stdout)
    try:
        sys.stdout.flush()
    except OSError:
        # What was buffered cannot be written either.
        _lead_nowhere(sys.stdout)
    if not isinstance(error, BrokenPipeError):
        return _end(2, f"the output cannot be written: {error.strerror}")
    # Where our output's reader left, nothing is wrong, and nothing more can be said.
    return _end(1 if read else 0)


def _is_read(stream: TextIO) -> bool:
    """Whether a pipe has a reader still; all else has one."""
    import select

    if not hasattr(select, "poll"):
        return False
    poll = select.poll()
    poll.register(stream.fileno(), 0)
    return not poll.poll(0)


def _lead_nowhere(stream: TextIO) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


if __name__ == "__main__":
    sys.exit(main())
