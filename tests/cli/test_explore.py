"""`accelsim explore`: text, JSON, what is known from before, and everything that may be wrong."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., tuple[int, str, str]]

STUDY = """\
name: rows of an array
parameters:
  rows: [4, 8, 16]
  columns: [8, 16]
on: systolic-os
workload: matmul
set: {M: 40, N: 40, K: 40}
arch: {array.rows: rows, array.columns: columns}
minimize: [cycles]
maximize: [utilization.array]
"""


@pytest.fixture
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own with a study, in which commands run."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "study.yaml").write_text(STUDY)
    return tmp_path


@pytest.fixture
def explore(accelsim_cli: Cli, inside: Path) -> Cli:
    """Runs a study in this process."""

    def run(*options: str, study: str = "study.yaml") -> tuple[int, str, str]:
        return accelsim_cli("explore", study, "--workers", "1", *options)

    return run


def changed(inside: Path, *pairs: tuple[str, str]) -> None:
    text = STUDY
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    (inside / "study.yaml").write_text(text)


def test_text(explore: Cli) -> None:
    code, out, err = explore("--store", "s.sqlite")
    assert code == 0
    assert "points  6 of 6 by exhaustive\n" in out.replace("    ", "  ").replace("   ", "  ")
    assert "front: " in out
    assert "store: s.sqlite" in err


def test_json(explore: Cli) -> None:
    import accelsim

    code, out, _ = explore("--json", "-")
    found = json.loads(out)
    assert code == 0
    assert (found["kind"], found["method"], found["seed"]) == ("study", "exhaustive", 0)
    assert (found["space_points"], found["evaluated"], found["failed"]) == (6, 6, 0)
    assert found["command"] == "accelsim explore study.yaml --seed 0"
    assert found["objectives"][1] == {
        **{"name": "utilization.array", "goal": "maximize", "unit": ""},
        "label": "utilisation of array",
    }
    best = found["front"][0]
    result = accelsim.simulate(
        "matmul",
        on="systolic-os",
        set={"M": 40, "N": 40, "K": 40},
        arch={"array.rows": 16, "array.columns": 16},
    )
    assert best["parameters"] == {"rows": 16, "columns": 16}
    assert best["objectives"]["cycles"] == result.cycles
    assert best["commands"][0].startswith("accelsim simulate matmul --on systolic-os --set M=40")


def test_known_from_before(explore: Cli, inside: Path) -> None:
    """By this study, and by another whose points are among them."""
    assert "known from before" not in explore("--store", "s.sqlite")[1]
    assert "6 known from before" in explore("--store", "s.sqlite")[1]
    assert "6 known from before" in explore("--store", "s.sqlite", "--resume")[1]
    assert "known from before" not in explore("--store", "s.sqlite", "--no-cache")[1]
    changed(inside, ("rows: [4, 8, 16]", "rows: [8, 16, 32]"), ("name: rows", "name: more rows"))
    assert "6 of 6 by exhaustive, 4 known from before" in explore("--store", "s.sqlite")[1]
    with closing(sqlite3.connect("s.sqlite")) as connection:
        assert connection.execute("SELECT count(*) FROM points").fetchone() == (12,)


def test_other_files_other_figures(explore: Cli, inside: Path) -> None:
    """A machine of the user that was changed is not taken for what it was."""
    changed(inside, ("on: systolic-os", "on: mine.yaml"))
    base = inside / "base.yaml"
    base.write_text("extends: systolic-os\nname: base\n")
    (inside / "mine.yaml").write_text("extends: base.yaml\nname: mine\n")
    assert "known" not in explore("--store", "s.sqlite")[1]
    assert "6 known" in explore("--store", "s.sqlite")[1]
    base.write_text("extends: systolic-os\nname: base\nclock_hz: 123.0e+6\n")
    assert "known" not in explore("--store", "s.sqlite")[1]


def test_points_that_fail(explore: Cli, inside: Path) -> None:
    """They are recorded with their reason, tried again, and not with --resume."""
    changed(inside, ("rows: [4, 8, 16]", "rows: [0, 8, 16]"))
    code, out, _ = explore("--store", "s.sqlite", "--json", "-")
    found = json.loads(out)
    assert code == 0
    assert (found["evaluated"], found["failed"]) == (6, 2)
    ((reason, points),) = found["failures"].items()
    assert points == 2
    assert "array.rows" in reason
    assert {point["parameters"]["rows"] for point in found["front"]} <= {8, 16}
    assert "4 known from before" in explore("--store", "s.sqlite")[1]
    code, out, _ = explore("--store", "s.sqlite", "--resume")
    assert "6 known from before" in out
    assert "2 failed" in out


def test_all_points_fail(explore: Cli, inside: Path) -> None:
    changed(inside, ("on: systolic-os", "on: nothing"))
    code, out, err = explore("--store", "s.sqlite")
    assert code == 2
    assert "no point is on the front" in out
    assert "accelsim: 6 points failed: architecture 'nothing' is unknown" in err
    assert "Traceback" not in err


def test_a_fault_of_ours_is_one_point(
    explore: Cli, inside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from accelsim.explore import evaluate

    real = evaluate._metrics

    def faulty(machine: Any, *others: Any) -> Any:
        if machine.arrays["array"].rows == 8:
            raise RuntimeError("a bug")
        return real(machine, *others)

    monkeypatch.setattr(evaluate, "_metrics", faulty)
    code, out, _ = explore("--store", "s.sqlite", "--json", "-")
    found = json.loads(out)
    assert (code, found["failed"]) == (0, 2)
    assert found["failures"] == {"fault of accelsim: RuntimeError: a bug": 2}


def test_constraints(explore: Cli, inside: Path) -> None:
    more = "maximize: [utilization.array]\nconstraints: [rows * columns <= 128, cycles < 1900]\n"
    changed(inside, ("maximize: [utilization.array]\n", more))
    found = json.loads(explore("--json", "-")[1])
    # 4 x 8, 4 x 16, 8 x 8, 8 x 16 and 16 x 8 are small enough.
    assert (found["evaluated"], found["excluded"]) == (5, 1)
    assert found["infeasible"] > 0
    assert all(point["objectives"]["cycles"] < 1900 for point in found["front"])
    changed(inside, ("maximize: [utilization.array]\n", more.replace("1900", "2")))
    code, _, err = explore()
    assert code == 2
    assert "accelsim: 6 points miss a constraint" in err


@pytest.mark.parametrize("method", ["random", "nsga-ii", "tpe"])
def test_methods(method: str, explore: Cli) -> None:
    options = ("--method", method, "--points", "4", "--seed", "3", "--json", "-")
    found = json.loads(explore(*options)[1])
    assert (found["evaluated"], found["method"], found["seed"]) == (4, method, 3)
    assert found["command"].endswith(f"--seed 3 --method {method} --points 4")
    assert json.loads(explore(*options)[1]) == found


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--seed", "-1"], "--seed is '-1', must be a whole number from 0"),
        (["--seed", "x"], "--seed is 'x', must be a whole number from 0"),
        (["--seed", ""], "--seed is '', must be a whole number"),
        (["--points", "0"], "--points is '0', must be a whole number from 1"),
        (["--points", "1e3"], "--points is '1e3', must be a whole number from 1"),
        (["--workers", "0"], "--workers is '0', must be a whole number from 1 to 1,024"),
        (["--workers", "5000"], "--workers is '5000', must be a whole number from 1 to 1,024"),
        (["--method", "best"], "--method 'best' is unknown; valid: exhaustive, nsga-ii"),
        (["--method", "nsga"], "--method 'nsga' is unknown; did you mean 'nsga-ii'"),
        (["--point", "x"], "--point is 'x', must be a whole number from 0"),
        (["--point", "99"], "--point 99 is not on the front, must be one of "),
        (["--resume"], "--resume needs a store; name one with --store"),
        (
            ["--resume", "--store", "new"],
            "--resume: store 'new' does not exist; leave --resume out",
        ),
        (["--store", ""], "--store is empty; name one, or leave it out"),
        (["--store", "."], "--store '.' is a folder; name a file"),
        (["--store", "no/x"], "--store 'no/x' lies in a folder that does not exist; make it"),
        (["--store", "study.yaml"], "cannot be opened: file is not a database; see to it, or name"),
        (["--store", "other.db"], "is a database of something else, with table 'points'; name an"),
        (["--store", "later.db"], "was written by another version (schema 999, must be "),
        (["--store", "/proc/x"], "store '/proc/x': cannot be opened: unable to open database file"),
        (["--store", "mysql://u:pw@h/d"], "'mysql://u:***@h/d' is of 'mysql', must be a path, or"),
        (["--store", "://x"], "--store is no address of a database: "),
        (["--store", "postgresql://h:x/d"], "--store is no address of a database: "),
        (["--store", "sqlite:///no/x"], "store 'sqlite:///no/x': cannot be opened: unable to"),
        (["--scheduler", ""], "--scheduler is empty; name one, or leave it out"),
        (["--dask-cluster", "pbs"], "--dask-cluster 'pbs' is unknown; valid: kubernetes, slurm"),
        (["--dask-cluster", ""], "--dask-cluster is empty; name one, or leave it out"),
        (["--scheduler", "a", "--dask-cluster", "slurm"], "are both given; keep one"),
        (["--json", ""], "--json is empty; name one, or leave it out"),
        (["--json", "."], "--json '.' is a folder; name a file"),
        (["--report", ""], "--report is empty; name one, or leave it out"),
        (["--build"], "does not say what hardware a point has; add 'build: {accelerator: NAME"),
    ],
)
def test_wrong_options(options: list[str], says: str, explore: Cli, inside: Path) -> None:
    with closing(sqlite3.connect("other.db")) as connection:
        connection.execute("CREATE TABLE points (a)")
    with closing(sqlite3.connect("later.db")) as connection:
        connection.execute("CREATE TABLE accelsim (schema INTEGER)")
        connection.execute("INSERT INTO accelsim VALUES (999)")
        connection.commit()
    code, _, err = explore(*options)
    lines = [line for line in err.splitlines() if line.startswith("accelsim: ")]
    assert code == 2
    assert len(lines) == 1
    assert says in lines[0]
    assert "pw" not in err
    assert "Traceback" not in err
    with closing(sqlite3.connect("other.db")) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master").fetchall()
    assert tables == [("points",)]


@pytest.mark.parametrize(
    ("package", "cluster"), [("dask-jobqueue", "slurm"), ("dask-kubernetes", "kubernetes")]
)
def test_packages_of_clusters(package: str, cluster: str, explore: Cli) -> None:
    pytest.importorskip("distributed")
    code, _, err = explore("--dask-cluster", cluster)
    assert code == 2
    assert f"--dask-cluster {cluster} needs {package}; install it: pip install {package}" in err


@pytest.mark.parametrize(
    ("package", "options", "says"),
    [
        ("sqlalchemy", [], "explore keeps points with SQLAlchemy; install it: pip install 'accels"),
        ("optuna", ["--method", "tpe"], "method 'tpe' needs Optuna; install it: pip install 'acce"),
        ("distributed", ["--scheduler", "tcp://h:1"], "Dask is missing; install it: pip install"),
        ("psycopg", ["--store", "postgresql://h/d"], "PostgreSQL needs psycopg; install it: pip "),
    ],
)
def test_missing_packages(
    package: str, options: list[str], says: str, explore: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    for name in [name for name in sys.modules if name.split(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    code, _, err = explore(*options)
    assert code == 2
    assert f"accelsim: {says}" in err


@pytest.mark.parametrize(
    ("study", "says"),
    [
        ("nothing", "study 'nothing' is unknown; valid: demo"),
        ("demos", "study 'demos' is unknown; did you mean 'demo'"),
        ("", "study '' is unknown"),
        ("no.yaml", "no.yaml"),
        (".", "study file '.' is no regular file; give a YAML file"),
    ],
)
def test_no_such_study(study: str, says: str, explore: Cli) -> None:
    code, _, err = explore(study=study)
    assert code == 2
    assert err.startswith("accelsim: ")
    assert says in err


def test_too_many_points(explore: Cli, inside: Path) -> None:
    big = "{from: 1, to: 9999, step: 1}"
    changed(inside, ("[4, 8, 16]", big), ("[8, 16]", big))
    code, _, err = explore()
    assert code == 2
    assert "has 99,980,001 points, too many for method 'exhaustive' (at most 10,000,000)" in err
    assert json.loads(explore("--points", "2", "--json", "-")[1])["evaluated"] == 2
    assert json.loads(explore("--points", "2", "--method", "random", "--json", "-")[1])["front"]


def test_resume_of_another_study(explore: Cli, inside: Path) -> None:
    assert explore("--store", "s.sqlite")[0] == 0
    changed(inside, ("rows: [4, 8, 16]", "rows: [4, 8, 32]"))
    code, _, err = explore("--store", "s.sqlite", "--resume")
    assert code == 2
    assert "--resume: store 's.sqlite' has not begun study 'study.yaml' as its file is now" in err
