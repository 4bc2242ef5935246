"""What the figures of a point depend on, as a key: equal keys, equal figures."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import accelsim
from accelsim.explore.store import SCHEMA
from accelsim.library import MAPPERS, WORKLOADS
from accelsim.study import Plan
from accelsim.version import __version__

__all__ = ["Keys"]

_FILE_NAME = re.compile(r"[\w./\\-]+\.(?:yaml|yml|json)\b")
_MOST_FILES = 100


@dataclass
class Keys:
    """Keys of the points of one run, each file read once."""

    fidelity: str
    _digests: dict[str, str] = field(default_factory=dict)

    def key(self, plan: Plan) -> str:
        """The key of a point: 64 hexadecimal digits.

        Files of the user count with what they hold, and so do those that they name.
        """
        tasks = [[run, task.as_json(), task.tokens] for run, task in plan.tasks.items()]
        files = [
            self._digest(name)
            for task in plan.tasks.values()
            for name in (task.workload, task.on, task.mapper)
            if name
        ]
        data = [SCHEMA, self._program, self.fidelity, tasks, plan.quantizer, plan.group, files]
        return hashlib.sha256(json.dumps(data, separators=(",", ":")).encode()).hexdigest()

    @cached_property
    def _program(self) -> str:
        """Of accelsim itself, with all that ships: figures are those of one state of it."""
        digest = hashlib.sha256(__version__.encode())
        for folder in (Path(accelsim.__file__).parent, WORKLOADS.path, MAPPERS.path):
            for path in sorted(folder.rglob("*")):
                if path.suffix in (".py", ".lark", ".yaml", ".json"):
                    digest.update(path.relative_to(folder).as_posix().encode())
                    digest.update(path.read_bytes())
        return digest.hexdigest()

    def _digest(self, name: str) -> str:
        if name not in self._digests:
            self._digests[name] = _digest(name)
        return self._digests[name]


def _digest(name: str) -> str:
    """Of a file, or of the configuration in a folder, with all files that it names beside it."""
    digest = hashlib.sha256()
    seen: set[Path] = set()
    todo = [Path(name), Path(name) / "config.json"]
    while todo and len(seen) < _MOST_FILES:
        path = todo.pop()
        try:
            if path in seen or not path.is_file():
                continue
            content = path.read_bytes()
        except (OSError, ValueError):
            continue  # What is wrong with it is said where it is read in earnest.
        seen.add(path)
        digest.update(content)
        text = content.decode("utf-8", "replace")
        todo += [path.parent / found for found in sorted(set(_FILE_NAME.findall(text)))]
    return digest.hexdigest() if seen else ""
