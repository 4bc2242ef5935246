"""Settings that every test shares."""

import os

import pytest
from hypothesis import settings

settings.register_profile("ci", derandomize=True, deadline=None, max_examples=60, database=None)
settings.load_profile("ci")


def pytest_configure(config: pytest.Config) -> None:
    # No test reads what an earlier run found, or leaves anything in the user's cache folder.
    os.environ["ACCELSIM_CACHE"] = "off"
    # To show a failure Hypothesis may import libcst, which warns; as an error that hides the
    # failure itself.
    config.addinivalue_line("filterwarnings", "ignore:mypy_extensions:DeprecationWarning")
