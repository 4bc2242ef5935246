"""Files of DRAM parts -> specs, with every rule checked."""

from __future__ import annotations

from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from accelsim.architecture.dram.spec import DramSpec
from accelsim.documents import Document, check_model, read_document
from accelsim.errors import InputError
from accelsim.library import Folder, find

if TYPE_CHECKING:
    from accelsim.architecture.dram.schema import DramFile

__all__ = ["DRAMS", "load_dram"]

DRAMS = Folder("DRAM", ("architecture", "dram"))


def load_dram(name: str) -> DramSpec:
    """A shipped DRAM part, or one from a file.

    Args:
        name: a shipped name (``"ddr4"``) or a path to a YAML file.

    Raises:
        InputError: where the name is unknown (the closest is given), or every problem of the file.

    Example:
        >>> load_dram("ddr4").n_rcd
        22
    """
    path, shown = find(DRAMS, name)
    if shown == name:  # A user's file may change between two calls.
        return _build(read_document(path, name=shown))
    return _shipped(name)


@cache
def _shipped(name: str) -> DramSpec:
    path, shown = find(DRAMS, name)
    return _build(read_document(path, name=shown))


def _build(document: Document) -> DramSpec:
    from accelsim.architecture.dram.schema import DramFile

    file = check_model(DramFile, document, what="DRAM")
    spec = _spec(file)
    if problems := _problems(spec, document):
        raise InputError(problems)
    return spec


def _spec(file: DramFile) -> DramSpec:
    sources = dict(file.sources)
    cycles = {}
    for key in type(file.timing).model_fields:
        parameter = getattr(file.timing, key)
        if parameter is not None:
            cycles["n_" + key.lower()] = parameter.at(file.clock_hz)
            sources["t" + key] = parameter.source
    cycles.setdefault("n_rcd_w", cycles["n_rcd"])
    return DramSpec(
        name=file.name,
        clock_hz=file.clock_hz,
        channel_bits=file.channel_bits,
        burst_length=file.burst_length,
        banks=file.banks,
        bank_groups=file.bank_groups,
        row_bytes=file.row_bytes,
        n_bl=file.burst_cycles,
        **cycles,
        sources=MappingProxyType(sources),
    )


def _problems(spec: DramSpec, document: Document) -> list[str]:
    """Rules between the figures of a part."""
    wrong: list[tuple[tuple[str, ...], str]] = []
    if spec.channel_bits * spec.burst_length % 8:
        wrong.append((("burst_length",), "must fill whole bytes; mend it or channel_bits"))
    elif spec.row_bytes % spec.burst_bytes:
        rule = f"must be a multiple of the {spec.burst_bytes} bytes of a burst; mend it"
        wrong.append((("row_bytes",), rule))
    if spec.banks % spec.bank_groups:
        wrong.append((("banks",), f"must be a multiple of {spec.bank_groups} bank_groups; mend it"))
    wrong += _pair_problems(spec)
    if spec.n_ccd_s < spec.n_bl:
        rule = f"must be at least the {spec.n_bl} cycles of a burst; mend it or burst_cycles"
        wrong.append((("timing", "CCD_S"), rule))
    if spec.n_rfc >= spec.n_refi:
        rule = f"must be below tREFI, {spec.n_refi} cycles; mend one of them"
        wrong.append((("timing", "RFC"), rule))
    if spec.n_rtw < 1:
        rule = "must leave READ to WRITE at least a cycle (CL + burst + TURN - CWL); mend one"
        wrong.append((("timing", "CWL"), rule))
    return [_problem(spec, document, path, rule) for path, rule in wrong]


def _pair_problems(spec: DramSpec) -> list[tuple[tuple[str, ...], str]]:
    """The same bank group is never faster than another; without groups there is but one figure."""
    found: list[tuple[tuple[str, ...], str]] = []
    for key in ("CCD", "WTR", "RRD"):
        short = getattr(spec, f"n_{key.lower()}_s")
        long = getattr(spec, f"n_{key.lower()}_l")
        path = ("timing", f"{key}_L")
        if long < short:
            found.append((path, f"must be at least {key}_S, {short} cycles; mend one of them"))
        elif long > short and spec.bank_groups == 1:
            found.append((path, f"must be {key}_S, {short} cycles, where bank_groups is 1"))
    return found


def _problem(spec: DramSpec, document: Document, path: tuple[str, ...], rule: str) -> str:
    if path[0] == "timing":
        value = f"{getattr(spec, 'n_' + path[1].lower())} cycles"
    else:
        value = str(getattr(spec, path[0]))
    return f"{document.place(path)}: DRAM '{spec.name}': {'.'.join(path)} is {value}, {rule}"
