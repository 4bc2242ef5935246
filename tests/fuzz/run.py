"""Many random inputs through every way in, each judged; `make fuzz N=100000 SEED=7`."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from fuzz_judge import judge, limited_memory, peak_mib
from fuzz_targets import TARGETS, Input, Target

MOST_FAULTS = 20


@dataclass
class Summary:
    """What happened to all inputs."""

    accepted: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    slowest: tuple[float, str] = (0.0, "")
    seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(TARGETS, 0.0))

    def text(self, taken: float, start_mib: float) -> str:
        accepted, refused = self.accepted.total(), self.refused.total()
        lines = [
            f"inputs: {accepted + refused + len(self.faults)}, accepted: {accepted}, "
            f"refused: {refused}, faults: {len(self.faults)}",
            f"time: {taken:.0f} s; slowest input: {self.slowest[0]:.2f} s ({self.slowest[1]})",
            f"memory: {peak_mib():.0f} MiB at most, {start_mib:.0f} MiB before the first input",
        ]
        for name in TARGETS:
            count = self.accepted[name] + self.refused[name]
            lines.append(
                f"  {name}: {count} inputs, {self.accepted[name]} accepted, "
                f"{self.seconds[name]:.0f} s"
            )
        return "\n".join(lines)


def input_of(number: int, seed: int) -> tuple[str, Input]:
    """The input of a number: the same in every run with the same seed."""
    rng = Random(f"{seed}/{number}")
    shares = [target.share for target in TARGETS.values()]
    (name,) = rng.choices(list(TARGETS), shares)
    return name, TARGETS[name].make(rng)


def run_many(numbers: range, *, seed: int) -> Summary:
    summary = Summary()
    with tempfile.TemporaryDirectory() as folder, limited_memory():
        for number in numbers:
            name, content = input_of(number, seed)
            _run_one(summary, f"{name} {seed}/{number}", TARGETS[name], content, Path(folder))
            for path in Path(folder).iterdir():
                path.unlink()
            if len(summary.faults) >= MOST_FAULTS:
                break
    return summary


def _run_one(summary: Summary, label: str, target: Target, content: Input, folder: Path) -> None:
    name = label.split()[0]
    accepted, seconds = False, 0.0
    for i, call in enumerate(target.calls(content, folder)):
        try:
            verdict = judge(call)
        except Exception as error:
            summary.faults.append(f"{label}: call {i}: {type(error).__name__}: {error}"[:500])
            return
        accepted = accepted or (i == 0 and verdict.accepted)
        seconds += verdict.seconds
    summary.slowest = max(summary.slowest, (seconds, label))
    summary.seconds[name] += seconds
    (summary.accepted if accepted else summary.refused)[name] += 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=100_000, help="how many inputs")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--show", type=int, metavar="NUMBER", help="print one input, run nothing")
    arguments = parser.parse_args()
    if arguments.show is not None:
        name, content = input_of(arguments.show, arguments.seed)
        data = content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass")
        print(name, file=sys.stderr)
        sys.stdout.buffer.write(data)
        return 0
    input_of(0, arguments.seed)
    start, memory = time.process_time(), peak_mib()
    summary = run_many(range(arguments.n), seed=arguments.seed)
    print(summary.text(time.process_time() - start, memory))
    print("\n".join(summary.faults), end="\n" if summary.faults else "")
    return int(bool(summary.faults))


if __name__ == "__main__":
    sys.exit(main())
