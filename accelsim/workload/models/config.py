"""A Hugging Face ``config.json``: read as data, each key checked where it is used."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from accelsim.documents import read_text
from accelsim.errors import InputError, unknown_name
from accelsim.json_reader import parse_json

__all__ = ["Config", "read_config"]

_MOST = 2**31
_ADVICE = "give the config.json of a model as it was published"
_REQUIRED: object = object()


@dataclass(frozen=True)
class Config:
    """The keys of a file, and a collection of what is wrong with them."""

    name: str
    """Path as the user gave it, for messages."""
    data: Mapping[str, object]
    text: str = field(repr=False)
    problems: list[str] = field(default_factory=list)

    def __contains__(self, key: str) -> bool:
        return key in self.data

    def given(self, key: str) -> bool:
        """Whether a key is there and not null."""
        return self.data.get(key) is not None

    def place(self, key: str) -> str:
        """``path:line:column`` of a key."""
        found = re.search(rf"{re.escape(json.dumps(key))}\s*:", self.text)
        if not found:
            return f"{self.name}:1:1"
        before = self.text[: found.start()]
        return f"{self.name}:{before.count(chr(10)) + 1}:{found.start() - before.rfind(chr(10))}"

    def wrong(self, key: str, rule: str) -> None:
        """Note that the value of a key breaks a rule."""
        self.problems.append(f"{self.place(key)}: model: {key} is {_shown(self.data[key])}, {rule}")

    def size(self, key: str, default: object = _REQUIRED, *, least: int = 1) -> int:
        """A whole number; ``default`` where the key is missing or null."""
        value = self.data.get(key)
        if value is None:
            if default is _REQUIRED:
                self.problems.append(f"{self.name}:1:1: model: key '{key}' is missing; add it")
                return least
            assert isinstance(default, int)
            return default
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= _MOST:
            self.wrong(key, f"must be a whole number from {least} to {_MOST:,}")
            return least
        return value

    def flag(self, key: str, default: bool) -> bool:
        """True or false; ``default`` where the key is missing or null."""
        value = self.data.get(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            self.wrong(key, "must be true or false")
            return default
        return value

    def word(self, key: str, default: str) -> str:
        """A text; ``default`` where the key is missing or null."""
        value = self.data.get(key)
        if value is None:
            return default
        if not isinstance(value, str):
            self.wrong(key, "must be a text")
            return default
        return value

    def choice(self, key: str, valid: Mapping[str, str], default: str) -> str:
        """What a text stands for, of several."""
        value = self.word(key, default)
        if value not in valid:
            self.problems.append(unknown_name(key, value[:60], valid, where=self.place(key)))
            return next(iter(valid.values()))
        return valid[value]

    def words(self, key: str) -> Sequence[str] | None:
        """A list of texts; None where the key is missing or null."""
        value = self.data.get(key)
        if value is None:
            return None
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            self.wrong(key, "must be a list of texts")
            return None
        return value

    def pair(self, key: str, default: int) -> tuple[int, int]:
        """A height and a width, or one number for both."""
        value = self.data.get(key)
        if not isinstance(value, list):
            both = self.size(key, default)
            return both, both
        sound = [
            each
            for each in value
            if isinstance(each, int) and not isinstance(each, bool) and 1 <= each <= _MOST
        ]
        if len(value) != 2 or len(sound) != 2:
            self.wrong(key, "must be a whole number, or a list of two")
            return default, default
        return sound[0], sound[1]

    def refuse(self, key: str, rule: str, *, allowed: Sequence[object] = (None, False)) -> None:
        """Note a key that asks for what is not modelled."""
        value = self.data.get(key)
        if not any(type(value) is type(each) and value == each for each in allowed):
            self.wrong(key, rule)


def _shown(value: object) -> str:
    """A value as the file has it, cut; one may be read that is too deep to be written again."""
    try:
        text = json.dumps(value)
    except RecursionError:
        return "nested too deeply"
    return text if len(text) <= 60 else f"{text[:60]}..."


def read_config(path: Path, *, name: str) -> Config:
    """Read a file.

    Args:
        path: the file, at most 4 MiB.
        name: for messages.

    Raises:
        InputError: where it cannot be read, is not JSON, or holds no model's keys.
    """
    text = read_text(path, name=name).removeprefix("\ufeff")
    data = parse_json(text, name=name, advice=_ADVICE)
    if not isinstance(data, dict):
        raise InputError(f"{name}:1:1: model must be an object of keys; {_ADVICE}")
    if not isinstance(data.get("model_type"), str):
        raise InputError(
            f"{name}:1:1: model: key 'model_type' is missing, must be a text such as \"llama\"; "
            f"{_ADVICE}"
        )
    return Config(name, data, text)
