"""Every tensor of a model in one format or several, one tensor in memory at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import prod

from accelsim.errors import InputError
from accelsim.quantization.check import checked_group, checked_scale_bits
from accelsim.quantization.errors import ErrorReport, error_report, summed
from accelsim.quantization.quantize import quantize
from accelsim.quantization.quantized import Quantized
from accelsim.quantization.schemes import Scheme
from accelsim.quantization.tensors import Tensor, why_left_out
from accelsim.version import __version__

__all__ = ["SCHEMA_VERSION", "Errors", "TensorErrors", "quantize_tensors"]

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class TensorErrors:
    """The errors of one tensor."""

    name: str
    shape: tuple[int, ...]
    reports: Mapping[str, ErrorReport]
    """Format -> its error."""


@dataclass(frozen=True)
class Errors:
    """The errors of all tensors of a file."""

    file: str
    group: int | None
    scale_bits: int | None
    tensors: tuple[TensorErrors, ...]
    left_out: Mapping[str, str]
    """Tensor -> why it was not quantised."""

    @property
    def formats(self) -> tuple[str, ...]:
        """Formats, in the order in which they were asked for."""
        return tuple(self.tensors[0].reports)

    @property
    def totals(self) -> dict[str, ErrorReport]:
        """Format -> the error of all tensors together."""
        return {
            name: summed([each.reports[name] for each in self.tensors]) for name in self.formats
        }

    def as_json(self) -> dict[str, object]:
        """What ``--json`` writes."""
        return {
            "schema_version": SCHEMA_VERSION,
            "version": __version__,
            "file": self.file,
            "group": self.group,
            "scale_bits": self.scale_bits,
            "total": [each.as_json() for each in self.totals.values()],
            "tensors": [
                {
                    "name": each.name,
                    "shape": list(each.shape),
                    "formats": [report.as_json() for report in each.reports.values()],
                }
                for each in self.tensors
            ],
            "left_out": [
                {"name": name, "reason": reason} for name, reason in self.left_out.items()
            ],
        }


def quantize_tensors(
    tensors: Sequence[Tensor],
    schemes: Sequence[Scheme],
    *,
    file: str,
    group: int | None = 128,
    scale_bits: int | None = 8,
    match: str | None = None,
    keep: Callable[[str, Quantized], None] | None = None,
) -> Errors:
    """Quantise tensors in every scheme, and compare.

    Args:
        tensors: what there is.
        schemes: at least one.
        file: what to call the whole.
        group: as for ``quantize``.
        scale_bits: as for ``quantize``.
        match: a pattern of the names of tensors that are quantised; None: all but embeddings.
        keep: is given each tensor's name and what became of it, for every scheme.

    Raises:
        InputError: where nothing is to be quantised, or a tensor cannot be.
    """
    reasons = {each.name: why_left_out(each, match) for each in tensors}
    chosen = [each for each in tensors if not reasons[each.name]]
    if not chosen:
        raise InputError(_nothing(file, tensors, reasons, match))
    _check(chosen, schemes, group, scale_bits)
    found = []
    for tensor in chosen:
        weights = tensor.read()
        reports = {}
        for scheme in schemes:
            try:
                made = quantize(weights, scheme, group=group, scale_bits=scale_bits)
            except InputError as error:
                raise InputError([f"tensor '{tensor.name}': {p}" for p in error.problems]) from None
            reports[scheme.name] = error_report(weights, made)
            if keep:
                keep(tensor.name, made)
        found.append(TensorErrors(tensor.name, tensor.shape, reports))
    left = {name: reason for name, reason in reasons.items() if reason}
    return Errors(file, group, scale_bits, tuple(found), left)


def _check(
    chosen: Sequence[Tensor], schemes: Sequence[Scheme], group: int | None, scale_bits: int | None
) -> None:
    """Before the first tensor is read, which may take its time."""
    checked_scale_bits(scale_bits)
    pairs = any(scheme.outliers for scheme in schemes)
    problems = []
    for tensor in chosen:
        width = prod(tensor.shape[1:])
        checked_group(group, width, pairs=pairs)
        if pairs and width % 2:
            problems.append(
                f"tensor '{tensor.name}': a channel has {width} weights, must be an even number "
                "for OliVe; leave it out with --match"
            )
    if problems:
        raise InputError(problems)


def _nothing(
    file: str, tensors: Sequence[Tensor], reasons: Mapping[str, str], match: str | None
) -> str:
    some = ", ".join(f"{each.name} ({reasons[each.name]})" for each in tensors[:5])
    more = f" and {len(tensors) - 5} more" if len(tensors) > 5 else ""
    hint = f"; --match is '{match}'" if match is not None else ""
    return f"'{file}' holds nothing to quantise: {some}{more}{hint}"
