"""The tables of nearest values, point by point, halfway points included."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from accelsim.quantization import SCHEMES, Scheme, quantize
from accelsim.quantization.grid import scheme_grid


def expected(oracle: Any, scheme: Scheme, kind: int, x: float) -> float:
    values = sorted(set(scheme.values[kind]))
    if scheme.ties == "down":
        return float(oracle.lower_nearest(x, values))
    if scheme.ties == "even":
        return float(np.clip(np.round(x), min(values), max(values)))
    outliers = sorted(set(scheme.outliers[kind]) - {0.0}) if scheme.outliers else []
    return float(oracle.upper_nearest_of_list(x, [*values, *outliers]))


@pytest.mark.parametrize("name", list(SCHEMES))
def test_every_point_has_the_nearest_value(oracle: Any, name: str) -> None:
    scheme = SCHEMES[name]
    grid = scheme_grid(scheme)
    largest = max(map(abs, scheme.outliers[0] if scheme.outliers else scheme.values[0]))
    # Eighths have every halfway point, and points beside it; far away there is the last value.
    step = 1 / 8 if largest < 200 else 1 / 2
    around = np.arange(-2 * min(largest, 70.0), 2 * min(largest, 70.0), step)
    points = np.array([*around, -1e6, -largest, largest, 1e6], np.float32)
    index = grid.index(points[None], np.ones((1, 1), np.float32))[0]
    for kind in range(len(scheme.types)):
        found = grid.values[kind][index].tolist()
        assert found == [expected(oracle, scheme, kind, float(x)) for x in points]
        tables = (scheme.values, scheme.outliers) if scheme.outliers else (scheme.values,)
        for value, code in zip(found, grid.codes[kind][index].tolist(), strict=True):
            assert any(table[kind][code] == value for table in tables)


def test_of_equal_scales_the_first_stays() -> None:
    """3 is exact with a scale of 3/7 and with one of 1."""
    for clips, scale in (((1.0, 7 / 3), 3 / 7), ((7 / 3, 1.0), 1.0)):
        found = quantize([[3.0, 0.0]], "int4", scale_bits=None, clips=clips)
        assert found.scales[0, 0] == pytest.approx(scale)
