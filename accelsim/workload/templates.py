"""Files and texts of cascades -> templates, sizes still open."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from accelsim.documents import Document, read_document
from accelsim.einsum.cascade import Cascade
from accelsim.einsum.template import CascadeTemplate
from accelsim.errors import InputError
from accelsim.library import WORKLOADS, find
from accelsim.workload.cascade_file import cascade_template, parsed

__all__ = ["cascade_from_text", "load_cascade", "load_template", "template_of", "workload_document"]

_MOST_LEVELS = 40
"""Of cascades that include cascades."""


def load_template(name: str) -> CascadeTemplate:
    """A shipped cascade or a file, with its sizes still open."""
    return template_of(name, workload_document(name))


def load_cascade(name: str, settings: Mapping[str, int | str] | None = None) -> Cascade:
    """A shipped cascade or a file, at the sizes given."""
    return load_template(name).resolve(settings)


def cascade_from_text(
    text: str,
    *,
    ranks: Mapping[str, int | str],
    tensors: Mapping[str, Sequence[str]],
    name: str = "cascade",
    parameters: Mapping[str, int | str] | None = None,
    constants: Mapping[str, int | float | str] | None = None,
    outputs: Sequence[str] = (),
) -> Cascade:
    """A cascade written in Python: one Einsum a line.

    Args:
        text: Einsums, one a line; what stands behind a ``#`` is skipped.
        ranks: sizes, or expressions of one another.
        tensors: ranks of each input tensor.
        name: for results and messages.
        parameters: values that are no rank, such as a stride.
        constants: numbers that Einsums name.
        outputs: results to keep besides those that no Einsum reads.

    Example:
        >>> cascade = cascade_from_text(
        ...     "Z[m,n] = A[m,k] * B[k,n]",
        ...     ranks={"M": 4, "N": 2, "K": 3}, tensors={"A": ["M", "K"], "B": ["K", "N"]})
        >>> cascade["Z"].points
        24
    """
    problems: list[str] = []
    lines = [(i, line) for i, line in enumerate(text.splitlines(), 1)]
    written = [(i, line) for i, line in lines if line.strip() and not line.strip().startswith("#")]
    placed = [(line.strip(), (name, i, len(line) - len(line.lstrip()) + 1)) for i, line in written]
    statements = [found for each in placed if (found := parsed(*each, problems)) is not None]
    if problems:
        raise InputError(problems)
    return CascadeTemplate(
        name=name,
        statements=tuple(statements),
        ranks=dict(ranks),
        tensors={tensor: tuple(dims) for tensor, dims in tensors.items()},
        parameters=dict(parameters or {}),
        constants=dict(constants or {}),
        outputs=tuple(outputs),
    ).resolve()


@lru_cache(maxsize=256)
def _cached(path: str, shown: str, _stamp: tuple[int, ...]) -> Document:
    return read_document(Path(path), name=shown)


def workload_document(name: str, *, also: Iterable[str] = ()) -> Document:
    """A workload's file, read anew only where it changed; ``also`` as for ``find``."""
    path, shown = find(WORKLOADS, name, also=also)
    stat = path.stat()
    return _cached(str(path), shown, (stat.st_ctime_ns, stat.st_mtime_ns, stat.st_size))


def template_of(name: str, document: Document) -> CascadeTemplate:
    """The cascade of a document, with what it includes."""
    path, shown = find(WORKLOADS, name)
    return _Includes({}).template(name, document, {path.resolve(): shown})


@dataclass(frozen=True)
class _Includes:
    """Cascades that include each other; each is read once, also where it is wrong."""

    known: dict[Path, CascadeTemplate | InputError]

    def template(self, name: str, document: Document, within: dict[Path, str]) -> CascadeTemplate:
        """The cascade of a document; ``within`` holds it and who includes it."""

        def load(other: str) -> CascadeTemplate:
            file, shown = find(WORKLOADS, other)
            path = file.resolve()
            chain = [*within.values(), shown]
            if path in within:
                raise InputError(f"cascades include each other in a circle: {' -> '.join(chain)}")
            if len(chain) > _MOST_LEVELS:
                raise InputError(f"includes nest deeper than {_MOST_LEVELS} levels; write some out")
            if path not in self.known:
                try:
                    self.known[path] = self.template(
                        other, workload_document(other), {**within, path: shown}
                    )
                except InputError as error:
                    self.known[path] = error
            found = self.known[path]
            if isinstance(found, InputError):
                raise found
            return found

        return cascade_template(name, document, load=load)
