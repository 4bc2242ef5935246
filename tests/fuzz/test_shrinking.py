"""Whatever a user writes, only InputError and UnsupportedError come out; Hypothesis shrinks it."""

import itertools
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accelsim.documents import read_document
from accelsim.einsum.parser import parse_statement
from accelsim.errors import InputError, UnsupportedError
from accelsim.expressions import evaluate_condition, evaluate_expression, names_in
from accelsim.library import WORKLOADS, shipped
from accelsim.workload import cascade_from_text, load_workload

FILES = [path.read_bytes() for path in shipped(WORKLOADS).values()]
WORDS = """
    A[m] A[m,k] B[k,n] Z[m] Z[m+1] Z[0] A[2*m-k+1] A[-(m)] S[] = + - * / ( ) , [ ] max(k) sum(
    exp( relu( where inf -inf M K 2 1.5 1e999 m k if lambda
"""
PHRASES = st.lists(st.sampled_from(WORDS.split()), max_size=9).map(" ".join)
ARITHMETIC = st.text("MN01.9eEj+-*/%(),<>=!&|~^@:[]{}'\"\\ #", max_size=30)
JUNK = st.one_of(st.binary(max_size=12), st.sampled_from([b"", b"[", b"{", b"&a ", b"!x ", b"~"]))

_numbers = itertools.count()


def said(call: Callable[[], object]) -> str:
    """The message with which a call is refused, or nothing where it goes well."""
    try:
        call()
    except (InputError, UnsupportedError) as error:
        return str(error)
    return ""


@settings(max_examples=200)
@given(st.one_of(st.text(), PHRASES, st.text("Zm[]=A+-*/(),1. \n")))
def test_statement(text: str) -> None:
    message = said(lambda: parse_statement(text, place=("f.yaml", 1, 1)))
    assert message.startswith("f.yaml:") or parse_statement(text).text == text


@settings(max_examples=200)
@given(PHRASES, PHRASES)
def test_cascade(first: str, second: str) -> None:
    ranks, tensors = {"M": 3, "K": 4, "N": 2}, {"A": ["M"], "B": ["K"]}
    text = f"Z[m] = {first}\nY[m] = Z[m] + {second}"
    message = said(lambda: cascade_from_text(text, ranks=ranks, tensors=tensors))
    assert all(problem.startswith("cascade") for problem in message.splitlines())


@settings(max_examples=300)
@given(st.one_of(st.text(max_size=40), ARITHMETIC, st.sampled_from("(-[~").map(lambda c: c * 480)))
def test_expression(text: str) -> None:
    names = {"M": 3, "N": 0}
    calls: list[Callable[[], object]] = [
        lambda: evaluate_expression(text, names),
        lambda: evaluate_condition(text, names),
        lambda: names_in(text),
    ]
    messages = [said(call) for call in calls]
    assert messages[0] or messages[1]  # none is a number and a comparison at once
    # What is shown is the text, signs that cannot be shown escaped.
    shown = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
    assert all(shown in message for message in messages if message)


@given(content=st.one_of(st.binary(), st.text().map(str.encode), ARITHMETIC.map(str.encode)))
def test_document(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    check_file(tmp_path_factory, content)


@settings(max_examples=250)
@given(file=st.sampled_from(FILES), data=st.data())
def test_damaged_workload(
    tmp_path_factory: pytest.TempPathFactory, file: bytes, data: st.DataObject
) -> None:
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(file)))
        stop = data.draw(st.integers(start, min(len(file), start + 6)))
        file = file[:start] + data.draw(JUNK) + file[stop:]
    check_file(tmp_path_factory, file)


def check_file(folders: pytest.TempPathFactory, content: bytes) -> None:
    # A new name each time: documents are kept by path, size and time of change.
    path = folders.getbasetemp() / f"fuzz-{next(_numbers)}.yaml"
    path.write_bytes(content)
    messages = [said(lambda: read_document(path)), said(lambda: load_workload(str(path)))]
    assert all("fuzz-" in message for message in messages if message)
    path.unlink()
