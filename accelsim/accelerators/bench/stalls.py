"""When streams are held up, at random."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.random import Generator
    from numpy.typing import NDArray

__all__ = ["random_stalls"]

_STALLS_LENGTH = 251


def random_stalls(random: Generator, streams: Sequence[str]) -> dict[str, NDArray[np.uint8]]:
    """Stream -> 1 in the cycles in which it is held up: each in up to half of them."""
    import numpy as np

    return {
        stream: (random.random(_STALLS_LENGTH) < random.random() / 2).astype(np.uint8)
        for stream in streams
    }
