"""What may come out of a call on any input: a value, or messages that a terminal can show."""

from __future__ import annotations

import resource
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from accelsim.errors import InputError, UnsupportedError

MOST_CHARACTERS = 2000
MOST_MESSAGES = 201
MOST_SECONDS = 5.0
MOST_MIB = 500.0


@dataclass(frozen=True)
class Verdict:
    """One call: whether its input was accepted, and what it took."""

    accepted: bool
    seconds: float
    """Of processor time."""
    grown_mib: float
    """By how much the greatest memory of this process rose."""


def peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def messages_of(call: Callable[[], object]) -> tuple[str, ...]:
    """What a call is refused with, or nothing where it goes well; any other error is a fault."""
    try:
        call()
    except InputError as error:
        return error.problems or ("",)  # None at all is as wrong as an empty one.
    except UnsupportedError as error:
        return (str(error),)
    return ()


def fault_of(messages: tuple[str, ...]) -> str:
    """What is wrong with messages, in words; empty where nothing is."""
    if len(messages) > MOST_MESSAGES:
        return f"{len(messages)} messages"
    for message in messages:
        if not message.strip():
            return "an empty message"
        if len(message) > MOST_CHARACTERS:
            return f"a message of {len(message)} characters: {message[:200]!r}"
        odd = next((c for c in message if not c.isprintable()), None)
        if odd is not None:
            return f"a message that holds {odd!a}: {message[:200]!r}"
    return ""


def judge(call: Callable[[], object]) -> Verdict:
    """Run one call and see that it keeps every promise.

    Raises:
        AssertionError: where it does not; or whatever came out that must not.
    """
    memory, start = peak_mib(), time.process_time()
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        messages = messages_of(call)
    taken, grown = time.process_time() - start, peak_mib() - memory
    assert not warned, f"warns: {warned[0].message}"
    assert not (fault := fault_of(messages)), fault
    assert taken <= MOST_SECONDS, f"takes {taken:.1f} s"
    assert grown <= MOST_MIB, f"takes {grown:.0f} MiB"
    return Verdict(not messages, taken, grown)


@contextmanager
def limited_memory(growth_mib: float = MOST_MIB) -> Iterator[None]:
    """Refuse this process more address space than it has and some."""
    with open("/proc/self/statm") as file:
        held = int(file.read().split()[0]) * resource.getpagesize()
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (held + int(growth_mib * 2**20), before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
