"""JSON as a user may have written it: strict, and every problem a message."""

from __future__ import annotations

import json

from accelsim.errors import InputError

__all__ = ["parse_json"]

_LONGEST_SHOWN = 60


def parse_json(text: str, *, name: str, advice: str) -> object:
    """The value that a JSON text stands for.

    Args:
        text: what was read.
        name: of the file, for messages.
        advice: what to do where it is wrong, the end of each message.

    Raises:
        InputError: where it is not JSON. NaN, infinities and repeated keys are not.
    """

    def constant(word: str) -> object:
        raise InputError(f"{name}: holds {word}, which is not JSON, must be a number or null")

    def unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
        found: dict[str, object] = {}
        for key, value in pairs:
            if key in found:
                raise InputError(f"{name}: key {_shown(key)} is written twice; keep one")
            found[key] = value
        return found

    try:
        return json.loads(text, parse_constant=constant, object_pairs_hook=unique)
    except json.JSONDecodeError as error:
        reason = error.msg[:1].lower() + error.msg[1:]
        place = f"{name}:{error.lineno}:{error.colno}"
        raise InputError(f"{place}: is not JSON: {reason}; {advice}") from None
    except RecursionError:
        raise InputError(f"{name}: is nested too deeply; {advice}") from None
    except ValueError:  # Python reads no whole number of more than 4,300 digits.
        raise InputError(f"{name}: holds a number of too many digits; {advice}") from None


def _shown(key: str) -> str:
    text = json.dumps(key)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."
