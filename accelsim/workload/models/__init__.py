"""Transformers: from a ``config.json`` or a few numbers to workloads."""

from accelsim.workload.models.build import build_workload
from accelsim.workload.models.counts import kv_bytes_per_token, parameters
from accelsim.workload.models.load import load_model, model_workload
from accelsim.workload.models.scenario import Scenario
from accelsim.workload.models.transformer import Image, Transformer

__all__ = [
    "Image",
    "Scenario",
    "Transformer",
    "build_workload",
    "kv_bytes_per_token",
    "load_model",
    "model_workload",
    "parameters",
]
