"""How an unknown name is reported."""

import pytest

from accelsim.errors import AccelsimError, InputError, UnsupportedError, unknown_name


@pytest.mark.parametrize(
    ("name", "valid", "message"),
    [
        ("fusemx", ["flat", "fusemax"], "; did you mean 'fusemax'? valid: flat, fusemax"),
        ("FLAT", ["flat", "fusemax"], "; did you mean 'flat'? valid: flat, fusemax"),
        ("m", ["M", "N", "N"], "; did you mean 'M'? valid: M, N"),
        ("zzz", ["flat", "fusemax"], "; valid: flat, fusemax"),
        ("a", [], "; valid: (none)"),
        ("", ["a"], "; valid: a"),
    ],
)
def test_closest_name_first_then_all(name: str, valid: list[str], message: str) -> None:
    assert unknown_name("machine", name, valid) == f"machine '{name}' is unknown{message}"


def test_place_stands_in_front() -> None:
    assert unknown_name("rank", "X", ["M"], where="f.yaml:3") == (
        "f.yaml:3: rank 'X' is unknown; valid: M"
    )


def test_one_problem_and_several() -> None:
    assert InputError("wrong").problems == ("wrong",)
    several = InputError(name for name in ("one", "two"))
    assert several.problems == ("one", "two")
    assert str(several) == "one\ntwo"
    assert isinstance(several, AccelsimError)
    assert not isinstance(several, UnsupportedError)
