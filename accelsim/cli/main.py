"""`accelsim VERB ...`: finds the verb, turns errors into messages and exit codes.

Exit codes: 0 done; 1 a check failed, or a fault of ours; 2 the input is wrong; 130 interrupted.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from accelsim.errors import InputError, Interrupted, UnsupportedError
from accelsim.version import __version__

__all__ = ["main"]

VERBS = {
    "simulate": "cycles, energy and traffic of a workload on an architecture",
    "roofline": "where a model spends its time on a device, layer by layer",
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
    arguments = _parser().parse_args(argv)
    if sys.stdout is None:  # closed by the caller
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115
    try:
        code: int = arguments.run(arguments)
        sys.stdout.flush()
        return code
    except InputError as error:
        for problem in error.problems:
            print(f"accelsim: {problem}", file=sys.stderr)
        return 2
    except UnsupportedError as error:
        print(f"accelsim: {error}", file=sys.stderr)
        return 2
    except Interrupted as stopped:
        print(f"accelsim: {stopped}", file=sys.stderr)
        return 130
    except KeyboardInterrupt:
        print("accelsim: interrupted; searches that were done are kept", file=sys.stderr)
        return 130  # As shells count a process that SIGINT ended.
    except BrokenPipeError:
        # The reader of our output left; nothing is wrong, and nothing more can be said.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        # A full disk under stdout, say; what was buffered cannot be written either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        print(f"accelsim: the output cannot be written: {error.strerror}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
