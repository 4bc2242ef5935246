"""What the figures of a point depend on, as a key: equal keys, equal figures."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from pathlib import Path

from accelsim.explore.store import SCHEMA
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
        data = [SCHEMA, __version__, self.fidelity, tasks, plan.quantizer, plan.group, files]
        return hashlib.sha256(json.dumps(data, separators=(",", ":")).encode()).hexdigest()

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
