"""Imports point one way: a module may import from its own layer and from those below."""

import ast
from pathlib import Path

import accelsim

PACKAGE = Path(accelsim.__file__).parent

LAYERS = [
    {
        "caching",
        "comments",
        "documents",
        "errors",
        "expressions",
        "files",
        "json_reader",
        "layout",
        "library",
        "sizes",
        "units",
        "version",
    },
    {"einsum", "formats"},
    {"workload", "architecture", "gateware", "quantization", "study"},
    {"mapping"},
    {"model"},
    {"search"},
    {"simulator"},
    {"pipeline"},
    {"accelerators"},
    {"catalogue", "checking", "schemas"},
    {"roofline"},
    {"report"},
    {"explore"},
    {"cli"},
]
RANK = {name: i for i, layer in enumerate(LAYERS) for name in layer}


def imported(path: Path) -> set[str]:
    """First-level parts of accelsim that a file imports, wherever in the file."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        names = []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module]
            if node.module == "accelsim":
                names = [f"accelsim.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        found |= {name.split(".")[1] for name in names if name.startswith("accelsim.")}
    return found


def test_no_arrow_runs_up() -> None:
    wrong = []
    for path in sorted(PACKAGE.rglob("*.py")):
        part = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        if part == "__init__":
            continue
        assert part in RANK, f"{part} is in no layer"
        for other in imported(path):
            if RANK[other] > RANK[part]:
                wrong.append(f"{path.relative_to(PACKAGE)} imports {other}")
    assert not wrong


def test_formats_and_einsum_do_not_need_each_other() -> None:
    for part, other in (("einsum", "formats"), ("formats", "einsum")):
        for path in (PACKAGE / part).rglob("*.py"):
            assert other not in imported(path)


def test_gateware_needs_formats_alone() -> None:
    for path in (PACKAGE / "gateware").rglob("*.py"):
        assert not imported(path) & {"workload", "architecture"}


def test_quantization_needs_formats_alone() -> None:
    for path in (PACKAGE / "quantization").rglob("*.py"):
        assert imported(path) <= {"quantization", "formats", "errors", "files", "version"}


def test_no_file_is_long() -> None:
    long = {p.name for p in PACKAGE.rglob("*.py") if len(p.read_text().splitlines()) > 480}
    assert not long
