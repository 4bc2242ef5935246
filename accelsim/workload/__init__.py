"""Workloads: cascades at some size, and networks of them."""

from accelsim.workload.load import load_workload
from accelsim.workload.templates import cascade_from_text, load_cascade, load_template
from accelsim.workload.workload import Layer, Workload

__all__ = [
    "Layer",
    "Workload",
    "cascade_from_text",
    "load_cascade",
    "load_template",
    "load_workload",
]
