"""A workload: layers, each a cascade at some size, with how often it runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property

from accelsim.einsum.cascade import Cascade
from accelsim.einsum.template import CascadeTemplate
from accelsim.formats import storage_format

__all__ = ["ROLES", "Layer", "Workload"]

ROLES = ("weights", "activations", "kv_cache")
"""What a tensor is to a model: each role may have a format of its own."""


@dataclass(frozen=True)
class Layer:
    """One cascade of a workload."""

    name: str
    """Empty in a workload that is a single cascade."""
    template: CascadeTemplate
    settings: Mapping[str, int | str] = field(default_factory=dict)
    """Sizes that are fixed from outside; a mapper leaves these alone."""
    repeat: int = 1
    kind: str = ""
    """What it is to a reader: ``linear``, ``attention``, ``norm``; empty where nobody said."""
    roles: Mapping[str, str] = field(default_factory=dict)
    """Tensor -> ``weights`` or ``kv_cache``; the others are activations."""
    epilogues: Mapping[str, str] = field(default_factory=dict)
    """Einsum -> kind: small steps on a result before it is stored, told apart in tables."""

    @cached_property
    def cascade(self) -> Cascade:
        """The cascade at this layer's sizes."""
        return self.template.resolve(self.settings)

    def bits(self, tensor: str, word: int = 16) -> int | Fraction:
        """Bits an element of a tensor, by its format; ``word`` where the cascade names none."""
        name = self.format_of(tensor)
        return storage_format(name).bits if name else word

    def format_of(self, tensor: str) -> str:
        """Name of the format of a tensor; empty where the cascade names none."""
        formats = self.template.formats
        return formats.get(tensor, formats.get("default", ""))

    def with_sizes(self, sizes: Mapping[str, int]) -> Layer:
        """This layer with further sizes fixed, those already fixed left as they are."""
        return replace(self, settings={**sizes, **self.settings})

    def rewritten(self, template: CascadeTemplate) -> Layer:
        """Another cascade that computes the same from the same tensors, at this layer's sizes.

        The sizes of the input tensors carry over, and whatever else is fixed from outside.
        Defaults of this cascade's own ranks do not.
        """
        of_inputs = {rank for ranks in self.template.tensors.values() for rank in ranks}
        shared: dict[str, int | str] = {
            name: size
            for name, size in self.cascade.sizes.items()
            if (name in of_inputs or name in self.settings)
            and (name in template.ranks or name in template.parameters)
        }
        shared |= {n: s for n, s in self.settings.items() if n in template.constants}
        return replace(self, template=template, settings=shared)


@dataclass(frozen=True)
class Workload:
    """What is computed: layers in the order in which they run."""

    name: str
    layers: tuple[Layer, ...]
    title: str = ""
