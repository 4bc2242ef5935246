"""BERT attention at several lengths on FuseMax, on FLAT and on an unfused array."""

from __future__ import annotations

import argparse
from pathlib import Path

__all__ = ["configure", "run"]

LENGTHS = {"1K": 1024, "4K": 4096, "16K": 16384, "64K": 65536, "256K": 262144}
ARCHITECTURES = ("unfused", "flat", "fusemax")


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of ``accelsim demo``."""
    parser.add_argument(
        "--report", metavar="DIR", default="reports/demo", help="default: reports/demo"
    )


def run(arguments: argparse.Namespace) -> int:
    """Simulate, print the comparison, write the report."""
    from accelsim.pipeline import simulate
    from accelsim.report.text import text_table
    from accelsim.report.write import comparison_rows, require_report_packages, write_report

    require_report_packages()
    results, labels = [], []
    for label, length in LENGTHS.items():
        for architecture in ARCHITECTURES:
            sizes = {"M": length, "P": length}
            results.append(simulate("attention/three-pass", on=architecture, set=sizes))
            labels.append(label)
    print("BERT-Base attention, batch 64, by sequence length\n")
    print(text_table(comparison_rows(results, labels, baseline="unfused")))
    written = write_report(
        results,
        Path(arguments.report),
        title="BERT attention on FuseMax, FLAT and an unfused array",
        labels=labels,
        baseline="unfused",
    )
    print(f"\nwritten: {', '.join(map(str, written))}")
    return 0
