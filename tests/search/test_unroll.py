"""What may be unrolled: too many ways are refused, not begun."""

import pytest

from accelsim.errors import UnsupportedError
from accelsim.search.unroll import unrollings


def test_too_many_ways_are_refused() -> None:
    ranks = range(7)
    sizes = (64, 64, 56, 56, 64, 3, 3)
    with pytest.raises(UnsupportedError, match="ways to lay 7 ranks over 256 x 256 PEs"):
        unrollings(
            sizes, rows=256, columns=256, on_rows=ranks, on_columns=ranks, ragged=frozenset(ranks)
        )
    # Far fewer ways divide the ranks.
    widths, _ = unrollings(
        sizes, rows=32, columns=32, on_rows=ranks, on_columns=ranks, ragged=frozenset()
    )
    assert len(widths) > 1000
