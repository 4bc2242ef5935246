"""Points as CSV and Parquet: a row a point, written as they come."""

import csv
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from accelsim.errors import UnsupportedError
from accelsim.explore.report import tables
from accelsim.explore.report.columns import columns_of, metric_names
from accelsim.explore.report.tables import write_tables

parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
Study = dict[str, Any]


def test_a_row_a_point(study: Study, tmp_path: Path) -> None:
    path = tmp_path / "points.csv"
    assert write_tables(study, iter(study["points"]), csv_path=path) == len(study["points"])
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == [
        "number", "status", "machine", "bits", "rows", "columns", "buffer_bytes", "latency_s",
        "energy_j", "accuracy", "area_mm2", "power_w", "prefill.latency_s", "decode.tokens_per_s",
        "cost_usd", "reason", "other_metrics",
    ]  # fmt: skip
    for row, point in zip(rows, study["points"], strict=True):
        assert row["number"] == str(point["number"])
        assert row["machine"] == point["parameters"]["machine"]
        assert row["bits"] == str(point["parameters"].get("bits", ""))
        assert row["reason"] == point["reason"]
        latency = point["objectives"].get("latency_s")
        assert row["latency_s"] == ("" if latency is None else repr(latency))
    assert {row["cost_usd"] for row in rows} == {""}


def test_parquet_holds_the_same_with_types(study: Study, tmp_path: Path) -> None:
    path = tmp_path / "points.parquet"
    write_tables(study, study["points"], parquet_path=path)
    table = parquet.read_table(path)
    types = {field.name: str(field.type) for field in table.schema}
    assert types["number"] == types["bits"] == "int64"
    assert types["latency_s"] == types["cost_usd"] == "double"
    assert types["machine"].startswith("dictionary<values=string")
    assert table.schema.metadata[b"accelsim.command"] == study["command"].encode()
    for row, point in zip(table.to_pylist(), study["points"], strict=True):
        assert row["bits"] == point["parameters"].get("bits")
        assert row["machine"] == point["parameters"]["machine"]
        assert row["energy_j"] == point["objectives"].get("energy_j")


def test_points_are_held_few_at_a_time(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many there are, no more are asked for before the last ones are written."""
    monkeypatch.setattr(tables, "ROWS_AT_ONCE", 10)
    made = 0

    def points() -> Iterator[dict[str, Any]]:
        nonlocal made
        for number, point in zip(range(95), itertools.cycle(study["points"]), strict=False):
            made += 1
            yield point | {"number": number}

    held = []
    add = tables._Csv.add

    def spied(self: Any, rows: Any) -> None:
        held.append((made, len(rows)))
        add(self, rows)

    monkeypatch.setattr(tables._Csv, "add", spied)
    both = {"csv_path": tmp_path / "a.csv", "parquet_path": tmp_path / "a.parquet"}
    assert write_tables(study, points(), **both) == 95
    assert held == [(10 * k, 10) for k in range(1, 10)] + [(95, 5)]
    file = parquet.ParquetFile(both["parquet_path"])
    assert file.metadata.num_row_groups == 10
    assert file.read()["number"].to_pylist() == list(range(95))


def test_the_same_points_give_the_same_bytes(study: Study, tmp_path: Path) -> None:
    for name in "ab":
        paths = {f"{kind}_path": tmp_path / f"{name}.{kind}" for kind in ("csv", "parquet")}
        write_tables(study, study["points"], **paths)
    for kind in ("csv", "parquet"):
        assert (tmp_path / f"a.{kind}").read_bytes() == (tmp_path / f"b.{kind}").read_bytes()


def test_no_point_at_all(study: Study, tmp_path: Path) -> None:
    paths = {f"{kind}_path": tmp_path / f"a.{kind}" for kind in ("csv", "parquet")}
    assert write_tables(study, [], **paths) == 0
    assert (tmp_path / "a.csv").read_text().startswith("number,status,machine,")
    assert parquet.read_table(tmp_path / "a.parquet").num_rows == 0


def test_parameters_that_are_named_as_other_columns(study: Study) -> None:
    named = [{"name": name, "values": [1, 2]} for name in ("status", "latency_s", "rows")]
    columns = columns_of(study | {"parameters": named}, ["latency_s"])
    assert [(column.name, column.key) for column in columns][2:5] == [
        ("parameter.status", "status"),
        ("parameter.latency_s", "latency_s"),
        ("rows", "rows"),
    ]


def test_figures_without_a_column_stand_together(study: Study, tmp_path: Path) -> None:
    """Which arrays there are depends on the machine, and few points are looked at before."""
    odd = study["points"][1] | {"metrics": {"utilization.own": 0.5, "power_w": 2.0}}
    path = tmp_path / "a.csv"
    names = metric_names(study)
    for metrics, other in ((None, '{"utilization.own": 0.5}'), ([*names, "utilization.own"], "")):
        write_tables(study, [study["points"][0], odd], csv_path=path, metrics=metrics)
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        assert [row["other_metrics"] for row in rows] == ["", other]
        assert rows[1]["power_w"] == "2.0"


def test_whole_numbers_that_no_machine_word_holds(study: Study, tmp_path: Path) -> None:
    huge = {"name": "huge", "values": [1, 2**64], "kind": "number"}
    point = study["points"][0] | {"parameters": {"huge": 2**64}}
    data = study | {"parameters": [huge]}
    write_tables(data, [point], parquet_path=tmp_path / "a.parquet")
    assert parquet.read_table(tmp_path / "a.parquet")["huge"].to_pylist() == [2.0**64]


def test_without_pyarrow(study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "find_spec", lambda name: None)
    with pytest.raises(UnsupportedError, match="need the package 'pyarrow'; install it with"):
        write_tables(study, [], parquet_path=tmp_path / "a.parquet")
    assert write_tables(study, [], csv_path=tmp_path / "a.csv") == 0


@pytest.mark.slow
def test_a_million_points_in_bounded_memory(study: Study, tmp_path: Path) -> None:
    """Both files of a million points, with less memory than a tenth of them would take."""
    import resource

    able = [point for point in study["points"] if point["status"] == "ok"]

    def points() -> Iterator[dict[str, Any]]:
        for number in range(1_000_000):
            yield able[number % len(able)] | {"number": number}

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    both = {"csv_path": tmp_path / "a.csv", "parquet_path": tmp_path / "a.parquet"}
    assert write_tables(study, points(), **both) == 1_000_000
    grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown_kib < 200_000
    assert both["csv_path"].stat().st_size > 100_000_000
    assert parquet.ParquetFile(both["parquet_path"]).metadata.num_rows == 1_000_000
