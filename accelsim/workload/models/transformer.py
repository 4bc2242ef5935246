"""A transformer as a few numbers: all that its layers, parameters and cache follow from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from accelsim.errors import InputError, unknown_name
from accelsim.formats import storage_format

__all__ = ["ACTIVATIONS", "HEADS", "NORMS", "ORDERS", "Image", "Transformer"]

ACTIVATIONS = ("gelu", "relu", "silu")
"""Activation functions that there are cascades for."""
NORMS = ("layer", "rms")
"""Layer normalisation, and root mean square normalisation."""
ORDERS = ("pre", "post", "parallel", "sandwich")
"""Where norms stand: before attention and feed-forward, behind their residual additions, one
before both side by side, or before and behind each."""
HEADS = ("none", "language", "masked-language", "classifier")
"""What reads the last hidden state."""

_MOST = 2**31


@dataclass(frozen=True)
class Image:
    """The pictures that a vision transformer reads."""

    height: int
    width: int
    patch_height: int
    patch_width: int
    channels: int = 3

    @property
    def patches(self) -> int:
        """How many patches a picture has."""
        return (self.height // self.patch_height) * (self.width // self.patch_width)

    @property
    def patch_values(self) -> int:
        """Values of a patch, all channels."""
        return self.patch_height * self.patch_width * self.channels


@dataclass(frozen=True)
class Transformer:
    """Sizes and choices of a decoder or an encoder; sizes in elements.

    Example:
        >>> tiny = Transformer("tiny", layers=2, hidden=64, heads=4, ffn=256, vocabulary=1000)
        >>> tiny.head_size, tiny.kv_heads
        (16, 4)

    Raises:
        InputError: for sizes or choices that cannot be, all at once.
    """

    name: str
    layers: int
    hidden: int
    heads: int
    ffn: int
    """Width of the feed-forward part."""
    vocabulary: int = 0
    """Tokens; 0 where pictures are read."""
    kv_heads: int = 0
    """Heads of keys and values: fewer than ``heads`` is grouped-query attention, 1 multi-query.
    0: as many as ``heads``."""
    head_size: int = 0
    """0: ``hidden / heads``."""
    gated: bool = True
    """Whether an activation gates a second linear layer."""
    activation: str = "silu"
    norm: str = "rms"
    order: str = "pre"
    final_norm: bool = True
    embedding_norm: bool = False
    head_norm: str = ""
    """Norm of every head of queries and keys; empty for none."""
    qkv_bias: bool = False
    output_bias: bool = False
    ffn_bias: bool = False
    head_bias: bool = False
    positions: int = 0
    """Rows of a learned table of positions; 0 for none."""
    unused_positions: int = 0
    """Rows of that table that stand for no position."""
    token_types: int = 0
    """Rows of a table of token types; 0 for none."""
    embedding_size: int = 0
    """Width of the token table, where a linear layer leads from it to ``hidden``. 0: ``hidden``."""
    tied: bool = False
    """Whether the head's matrix is the token table."""
    causal: bool = True
    """Whether a position sees only those before it, so that there is a KV cache."""
    windows: tuple[tuple[int | None, int], ...] = ()
    """Pairs: how many positions a layer sees (None: all), how many layers. Empty: all see all."""
    head: str = "language"
    pooler: bool = False
    labels: int = 0
    """Of a classifier."""
    image: Image | None = None
    weights: str = "fp16"
    """Format of matrices as the model is published."""
    data_type: str = "fp16"
    """Number type of all else as the model is published."""
    notes: tuple[str, ...] = field(default=(), compare=False)
    """What a reader of results should know about how the file was understood."""

    def __post_init__(self) -> None:
        if not self.kv_heads:
            object.__setattr__(self, "kv_heads", self.heads)
        if not self.head_size and self.heads and isinstance(self.hidden, int):
            object.__setattr__(self, "head_size", self.hidden // self.heads)
        if not self.windows:
            object.__setattr__(self, "windows", ((None, self.layers),))
        if problems := self._problems():
            raise InputError(problems)

    @property
    def table_width(self) -> int:
        """Width of the token table."""
        return self.embedding_size or self.hidden

    @property
    def group(self) -> int:
        """Query heads that share a head of keys and values."""
        return self.heads // self.kv_heads

    @property
    def most_positions(self) -> int | None:
        """The longest context that the model has positions for; None without a table of them.

        Of pictures, their patches and the class token: no context is longer or shorter.
        """
        if self.image:
            return self.image.patches + 1
        return self.positions - self.unused_positions if self.positions else None

    def _problems(self) -> list[str]:
        """What cannot be."""
        where = f"model '{self.name}'"
        sizes = {"layers": 1, "hidden": 1, "heads": 1, "ffn": 1, "kv_heads": 1, "head_size": 1}
        others = {f.name: 0 for f in fields(self) if f.type == "int" and f.name not in sizes}
        found = [
            f"{where}: {name} is {getattr(self, name)!r}, must be a whole number from {least} to "
            f"{_MOST:,}"
            for name, least in {**sizes, **others}.items()
            if not _whole(getattr(self, name), least)
        ]
        if found:
            return found
        found += [*self._choices(where), *self._window_problems(where)]
        if self.heads % self.kv_heads:
            found.append(
                f"{where}: kv_heads is {self.kv_heads}, must divide the {self.heads} heads"
            )
        if self.positions and self.unused_positions >= self.positions:
            found.append(
                f"{where}: unused_positions is {self.unused_positions}, must be below "
                f"{self.positions}, the positions"
            )
        if self.image is None and not self.vocabulary:
            found.append(f"{where}: vocabulary is 0, must be at least 1 where no pictures are read")
        if self.image is not None and not all(
            _whole(getattr(self.image, f.name), 1) for f in fields(Image)
        ):
            found.append(f"{where}: sizes of the image must be whole numbers of at least 1")
        elif self.image is not None and not self.image.patches:
            found.append(f"{where}: the image is smaller than a patch; mend one")
        for name in (self.weights, self.data_type):
            try:
                storage_format(str(name))
            except InputError as error:
                found += [f"{where}: {problem}" for problem in error.problems]
        return found

    def _window_problems(self, where: str) -> list[str]:
        pairs = [tuple(pair) for pair in self.windows if isinstance(pair, tuple | list)]
        sound = [
            len(pair) == 2 and (pair[0] is None or _whole(pair[0], 1)) and _whole(pair[1], 1)
            for pair in pairs
        ]
        if len(pairs) != len(self.windows) or not all(sound):
            return [
                f"{where}: windows is {self.windows!r}, must be pairs of positions (None: all) and "
                "of layers, each at least 1"
            ]
        if sum(count for _, count in self.windows) != self.layers:
            return [f"{where}: windows are of other than {self.layers} layers; mend them"]
        return []

    def _choices(self, where: str) -> list[str]:
        choices: Mapping[str, tuple[str, tuple[str, ...]]] = {
            "activation": (self.activation, ACTIVATIONS),
            "norm": (self.norm, NORMS),
            "head_norm": (self.head_norm, ("", *NORMS)),
            "order": (self.order, ORDERS),
            "head": (self.head, HEADS),
        }
        return [
            unknown_name(name, value, valid, where=where)
            for name, (value, valid) in choices.items()
            if value not in valid
        ]


def _whole(value: object, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= _MOST
