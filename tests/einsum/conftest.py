from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from accelsim.einsum.cascade import Cascade
from accelsim.errors import InputError
from accelsim.workload import cascade_from_text

RANKS = {"M": 4, "N": 3, "K": 5, "J": 4}
TENSORS = {"A": ["M", "K"], "B": ["K", "N"], "V": ["M"], "W": ["K"]}


@pytest.fixture
def make() -> Callable[..., Cascade]:
    """A cascade from text, over RANKS and TENSORS where the test names no others."""

    def build(
        text: str,
        ranks: Mapping[str, int | str] = RANKS,
        tensors: Mapping[str, Sequence[str]] = TENSORS,
        **more: Any,
    ) -> Cascade:
        return cascade_from_text(text, ranks=ranks, tensors=tensors, name="c", **more)

    return build


@pytest.fixture
def problems(make: Callable[..., Cascade]) -> Callable[..., tuple[str, ...]]:
    """The messages with which a cascade is refused."""

    def refuse(*args: Any, **more: Any) -> tuple[str, ...]:
        with pytest.raises(InputError) as caught:
            make(*args, **more)
        return caught.value.problems

    return refuse
