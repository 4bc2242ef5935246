"""accelsim: what a computation costs on an accelerator, mapped a given way.

The public functions are imported when they are first used, so that ``import accelsim`` is cheap.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from accelsim.version import __version__

if TYPE_CHECKING:
    from accelsim.accelerators.registry import validate
    from accelsim.architecture import Architecture, load_architecture
    from accelsim.architecture.devices import Device, load_device
    from accelsim.catalogue import shipped
    from accelsim.checking import check_file
    from accelsim.einsum.evaluate import evaluate
    from accelsim.errors import AccelsimError, InputError, UnsupportedError
    from accelsim.model.result import Result
    from accelsim.model.result_file import load_result
    from accelsim.pipeline import map_workload, simulate
    from accelsim.quantization import Quantized, error_report, quantize
    from accelsim.report.compare import compare
    from accelsim.roofline import Roofline, rooflines
    from accelsim.workload import (
        Workload,
        cascade_from_text,
        load_cascade,
        load_workload,
    )
    from accelsim.workload.analysis import analyse_workload
    from accelsim.workload.models import Scenario, Transformer, build_workload, load_model

__all__ = [
    "AccelsimError",
    "Architecture",
    "Device",
    "InputError",
    "Quantized",
    "Result",
    "Roofline",
    "Scenario",
    "Transformer",
    "UnsupportedError",
    "Workload",
    "__version__",
    "analyse_workload",
    "build_workload",
    "cascade_from_text",
    "check_file",
    "compare",
    "error_report",
    "evaluate",
    "load_architecture",
    "load_cascade",
    "load_device",
    "load_model",
    "load_result",
    "load_workload",
    "map_workload",
    "quantize",
    "rooflines",
    "shipped",
    "simulate",
    "validate",
]

_HOMES = {
    "AccelsimError": "accelsim.errors",
    "Architecture": "accelsim.architecture",
    "Device": "accelsim.architecture.devices",
    "InputError": "accelsim.errors",
    "Quantized": "accelsim.quantization",
    "Result": "accelsim.model.result",
    "Roofline": "accelsim.roofline",
    "Scenario": "accelsim.workload.models",
    "Transformer": "accelsim.workload.models",
    "UnsupportedError": "accelsim.errors",
    "Workload": "accelsim.workload",
    "analyse_workload": "accelsim.workload.analysis",
    "build_workload": "accelsim.workload.models",
    "cascade_from_text": "accelsim.workload",
    "check_file": "accelsim.checking",
    "compare": "accelsim.report.compare",
    "error_report": "accelsim.quantization",
    "evaluate": "accelsim.einsum.evaluate",
    "load_architecture": "accelsim.architecture",
    "load_cascade": "accelsim.workload",
    "load_device": "accelsim.architecture.devices",
    "load_model": "accelsim.workload.models",
    "load_result": "accelsim.model.result_file",
    "load_workload": "accelsim.workload",
    "map_workload": "accelsim.pipeline",
    "quantize": "accelsim.quantization",
    "rooflines": "accelsim.roofline",
    "shipped": "accelsim.catalogue",
    "simulate": "accelsim.pipeline",
    "validate": "accelsim.accelerators.registry",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'accelsim' has no attribute '{name}'")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
