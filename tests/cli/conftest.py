from collections.abc import Callable

import pytest

from accelsim.cli.main import main

Outcome = tuple[int, str, str]


@pytest.fixture
def accelsim_cli(capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """Runs the command line in this process: exit code, stdout, stderr."""

    def run(*arguments: str) -> Outcome:
        capsys.readouterr()
        try:
            code = main(list(arguments))
        except SystemExit as error:  # argparse's own way out
            code = int(error.code or 0)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run
