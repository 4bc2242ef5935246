"""Pass counts of random small cascades, and of some known by hand, against brute force."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from accelsim.einsum.cascade import Cascade
from accelsim.einsum.passes import analyse
from accelsim.workload import cascade_from_text, load_cascade

# Tests are no package, so the helper beside this file is loaded by its path.
_spec = spec_from_file_location("pass_oracle", Path(__file__).with_name("pass_oracle.py"))
assert _spec
assert _spec.loader
oracle = module_from_spec(_spec)
_spec.loader.exec_module(oracle)

Numbers = dict[str, int]


@dataclass(frozen=True)
class Made:
    """A tensor that may be read; ``cut`` where its ends are not read: they may not exist."""

    name: str
    ranks: tuple[str, ...]
    iterated: bool = False
    cut: bool = False


@dataclass
class Read:
    text: str
    ranks: list[str]
    cut: bool


@dataclass
class Draft:
    """A cascade in the making; M is the long rank, in tiles M1 x M0 where it is split."""

    random: random.Random
    split: bool = False
    lines: list[str] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    shifts: int = 0

    def __post_init__(self) -> None:
        self.split = self.random.random() < 0.4
        inputs = {"X": "M P", "Y": "P M", "K": "M E", "V": "M", "U": "M", "C": "P", "Q": "E P"}
        inputs |= {"W": "M1"} if self.split else {}
        self.inputs = {name: tuple(ranks.split()) for name, ranks in inputs.items()}
        self.pool = [Made(name, ranks) for name, ranks in self.inputs.items()]
        self.fresh = iter("ABDFGHIJLNORST")

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def index(self, made: Made, rank: str, *, whole: bool, free: bool) -> Read:
        """One index: mostly as written, at times shifted, reversed or at an end."""
        tiles = rank == "M" and self.split and not whole
        text = "M0*m1+m0" if tiles else rank.lower()
        ranks = ["M1", "M0"] if tiles else [rank]
        long = rank in ("M", "M1")
        ends = long and not (tiles or made.cut or "M0" in made.ranks)
        # Without M0 a point runs at any time, so that two reversals undo each other: see
        # test_reversing_twice.
        coarse = rank == "M1" and "M0" not in made.ranks
        kind = self.random.random()
        if made.iterated and long:
            if kind < 0.3 and ends and free:
                return Read(rank, [], False)
            return Read(text + "+1" if kind < 0.7 else text, ranks, False)
        if not free or kind > 0.45 or rank in ("E", "M0"):
            return Read(text, ranks, False)
        if long and kind < 0.22 and self.shifts < 2:
            self.shifts += 1
            return Read(text + self.random.choice(["+1", "-1"]), ranks, True)
        if ends and kind < 0.34:
            return Read(self.random.choice(["0", f"{rank}-1"]), [], False)
        if tiles or (coarse and made.cut):
            return Read(text, ranks, False)
        return Read(f"{rank}-1-{text}", ranks, coarse)

    def read(self, made: Made, *, whole: bool = False, free: bool = True) -> Read:
        parts = [self.index(made, rank, whole=whole, free=free) for rank in made.ranks]
        self.used.add(made.name)
        text = f"{made.name}[{', '.join(part.text for part in parts)}]"
        ranks = list(dict.fromkeys(rank for part in parts for rank in part.ranks))
        return Read(text, ranks, made.cut or any(part.cut for part in parts))

    def write(self, ranks: Sequence[str], text: str, *, cut: bool = False) -> None:
        name = next(self.fresh)
        order = self.random.sample(ranks, len(ranks))
        self.lines.append(f"{name}[{', '.join(order).lower()}] = {text}")
        self.pool.append(Made(name, tuple(order), cut=cut))

    def holds_fiber(self) -> bool:
        """Whether the newest tensor holds M point by point."""
        return bool({"M", "M0"} & set(self.pool[-1].ranks))

    def pick(self) -> Made:
        return self.random.choice(self.pool[-4:] if self.chance(0.6) else self.pool)

    def operands(self) -> list[Made]:
        first = self.pick()
        if self.chance(0.35):
            return [first]
        # Often what was just reduced, used against something that holds the fiber.
        recent = [made for made in self.pool[-3:] if made.name not in self.inputs]
        short = [made for made in recent if not {"M", "M0"} & set(made.ranks)]
        if short and self.chance(0.85):
            fibers = [made for made in self.pool if {"M", "M0"} & set(made.ranks)]
            return [self.random.choice(fibers[-2:]), self.random.choice(short)]
        return [first, self.pick()]

    def reads(self) -> tuple[list[Read], list[str]]:
        made = self.operands()
        whole = not any("M1" in m.ranks for m in made) and self.chance(0.4)
        reads = [self.read(m, whole=whole) for m in made]
        return reads, list(dict.fromkeys(rank for read in reads for rank in read.ranks))

    def elementwise(self) -> None:
        reads, ranks = self.reads()
        if len(reads) == 1:
            text = f"{self.random.choice(['exp', 'relu', '2 *'])} ({reads[0].text})"
        else:
            forms = ["{} - {}", "{} * {}", "exp({} - {})", "max({}, {})", "{} / {}"]
            text = self.random.choice(forms).format(*(read.text for read in reads))
        if "M" not in ranks and "M1" not in ranks and self.chance(0.1):
            ranks.append("M")  # The same value along the fiber.
        self.write(ranks, text, cut=any(read.cut for read in reads))

    def reduction(self) -> None:
        reads, ranks = self.reads()
        long: list[str] = [rank for rank in ("M1", "M0", "M") if rank in ranks]
        drop: list[str] = [rank for rank in ("P", "E") if rank in ranks and self.chance(0.4)]
        if long and self.chance(0.9):
            drop += ["M0"] if "M0" in long and self.chance(0.4) else long
        drop = drop or long or ranks
        text = " * ".join(read.text for read in reads)
        if drop and self.chance(0.5):
            text = f"{self.random.choice(['max', 'sum', 'min'])}({', '.join(drop).lower()}) {text}"
        kept = [rank for rank in ranks if rank not in drop]
        cut = any(read.cut for read in reads) and bool({"M", "M1"} & set(kept))
        self.write(kept, text, cut=cut)

    def recurrence(self) -> None:
        steps = [m for m in self.pool if not m.cut and {"M", "M1"} & set(m.ranks)]
        recent = [m for m in steps if m.name not in self.inputs]
        made = self.random.choice(recent if recent and self.chance(0.8) else steps)
        rank = "M1" if "M1" in made.ranks else "M"
        if "M0" in made.ranks and self.chance(0.7):
            return
        name, before = next(self.fresh), ", ".join(made.ranks).lower()
        after, start = (
            ", ".join(text if r == rank else r.lower() for r in made.ranks)
            for text in (f"{rank.lower()}+1", "0")
        )
        value = self.read(made, whole=True, free=False).text
        old, gates = f"{name}[{before}]", [m for m in self.pool if set(m.ranks) <= set(made.ranks)]
        gate = self.random.choice(gates)
        if not gate.cut and self.chance(0.4):
            old = f"{old} * {self.read(gate, whole=True, free=False).text}"
            if self.chance(0.5):
                step = next(self.fresh)
                self.lines.append(f"{step}[{before}] = {old}")
                self.pool.append(Made(step, made.ranks))
                old = f"{step}[{before}]"
        form, begin = self.random.choice([("{} + {}", "0"), ("max({}, {})", "-inf")])
        text = form.format(old, value)
        self.lines.append(f"{name}[{after}] = {text} where {name}[{start}] = {begin}")
        self.pool.append(Made(name, made.ranks, iterated=True))

    def sizes(self) -> dict[str, int | str]:
        # Long enough that no dependence on the whole fiber looks like a read ahead of a few.
        length = max(4, 3 * self.shifts + 2)
        ranks: dict[str, int | str] = {"P": self.random.choice([2, 3]), "E": 2}
        if not self.split:
            return ranks | {"M": length}
        return ranks | {"M": 2 * length - self.random.randrange(2), "M0": 2, "M1": "ceil(M / M0)"}


@dataclass(frozen=True)
class Case:
    text: str
    ranks: dict[str, int | str]
    tensors: dict[str, tuple[str, ...]]
    cascade: Cascade


def random_case(seed: int) -> Case:
    source = random.Random(seed)
    while True:
        draft, count = Draft(source), source.choice([1, 2, 3, 4, 4, 5, 5, 6, 6, 6])
        while len(draft.lines) < count:
            kinds = [draft.elementwise, draft.reduction, draft.recurrence]
            # Turns of spreading and reducing make passes.
            source.choices(kinds, [3, 9, 1] if draft.holds_fiber() else [9, 3, 1])[0]()
        text, ranks = "\n".join(draft.lines), draft.sizes()
        tensors = {name: r for name, r in draft.inputs.items() if name in draft.used}
        cascade = cascade_from_text(text, ranks=ranks, tensors=tensors)
        sweeping = (
            sum(f.spans(tuple(e.sizes)) for e in cascade.einsums) for f in oracle.families(cascade)
        )
        few = len(draft.lines) <= 6 and max(sweeping, default=0) <= oracle.MOST_ENUMERATED
        if few and all(einsum.points for einsum in cascade.einsums):
            return Case(text, ranks, tensors, cascade)


def stepped(cascade: Cascade) -> list[str]:
    """The ranks that are iterated: other ranks of such a cascade are counted step by step."""
    steps = {einsum.iterated for einsum in cascade.einsums if einsum.iterated}
    return [family.rank for family in oracle.families(cascade) if family.ranks & steps]


@lru_cache(maxsize=200)
def answered(seed: int) -> tuple[Case, dict[str, Numbers]]:
    case = random_case(seed)
    return case, oracle.brute_force(case.cascade, stepped(case.cascade))


def compare(seed: int) -> None:
    case, expected = answered(seed)
    result = analyse(case.cascade)
    reported = {
        tensor: {rank: result.passes[tensor][rank] for rank in numbers}
        for tensor, numbers in expected.items()
    }
    shown = f"seed {seed}\n{case.text}\nranks={case.ranks}\ntensors={case.tensors}"
    assert reported == expected, shown
    everything = [number for numbers in result.passes.values() for number in numbers.values()]
    assert result.max_passes == max(everything, default=1), shown
    if not stepped(case.cascade):
        assert {name: dict(ranks) for name, ranks in result.passes.items()} == expected, shown


# ---------------------------------------------------------------- tests

SIZES = {"B": 1, "H": 2, "E": 2, "F": 2, "M": 4, "P": 2}
RUNNING = ("BQK", "LM", "RM", "SLN", "SLD", "SLNV", "PRM", "SPD", "RD", "SPNV", "RNV")
TILED = {**SIZES, "M": 7, "M0": 2}


@pytest.mark.parametrize(
    ("name", "sizes", "over_m"),
    [
        ("three-pass", SIZES, {"K": 3, "QK": 3, "SN": 3, "A": 3, "V": 3}),
        ("three-pass-deferred", SIZES, {"K": 2, "QK": 2, "SN": 2, "V": 2}),
        (
            "two-pass",
            TILED,
            {"K": 2, "BQK": 2, "LM": 1, "SLN": 2, "SLD": 1, "PRM": 2, "A": 2, "V": 2},
        ),
        (
            "two-pass-deferred",
            TILED,
            {"K": 2, "BQK": 2, "LM": 1, "SLN": 2, "SLD": 1, "PRM": 2, "SN": 2, "V": 2},
        ),
        (
            "one-pass",
            TILED,
            dict.fromkeys(("K", "V", *RUNNING), 1),
        ),
    ],
)
def test_attention_by_hand(name: str, sizes: dict[str, int], over_m: Numbers) -> None:
    cascade = load_cascade(f"attention/{name}", sizes)
    found = oracle.brute_force(cascade)
    assert {t: ranks["M"] for t, ranks in found.items() if "M" in ranks} == over_m
    assert {n for ranks in found.values() for rank, n in ranks.items() if rank != "M"} == {1}
    assert analyse(cascade).passes == found


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        # Layer norm: mean, then spread about it, then both used; or the squares at once.
        ("S[] = X[m]; D[m] = X[m] - S[] / M; Q[] = D[m] * D[m]; Y[m] = D[m] / sqrt(Q[])", 3),
        ("S[] = X[m]; Q[] = X[m] * X[m]; Y[m] = (X[m] - S[] / M) / sqrt(Q[] - S[] * S[])", 2),
        ("G[] = max(m) X[m]; A[m] = exp(X[m] - G[]); S[] = A[m]; L[] = log(S[]) + G[]", 2),
        (
            "R[m+1] = max(R[m], X[m]) where R[0] = -inf;"
            "S[m+1] = S[m] * exp(R[m] - R[m+1]) + exp(X[m] - R[m+1]) where S[0] = 0;"
            "L[] = log(S[M]) + R[M]",
            1,
        ),
        ("Y[m] = 2 * X[m]; Z[m] = Y[m+1] - Y[m-1]", 1),
        ("Y[m] = 2 * X[m]; Z[m] = X[m] - Y[M-1-m]", 2),
        ("Y[m] = 2 * X[m]; Z[m] = X[m] - Y[0]", 1),
        ("Y[m] = 2 * X[m]; Z[m] = X[m] - Y[M-1]", 2),
        ("Z[m] = X[m] - X[M-1-m] - X[M-1]", 1),
        ("S[m+1] = S[m] + X[m] where S[0] = 0; Y[m] = X[m] / S[M]", 2),
        ("S[m+1] = S[m] + X[m] where S[0] = 0; Y[m] = X[m] / S[m+1]", 1),
    ],
)
def test_one_fiber_by_hand(text: str, passes: int) -> None:
    lines = text.replace(";", "\n")
    cascade = cascade_from_text(lines, ranks={"M": 5}, tensors={"X": ["M"]})
    assert oracle.brute_force(cascade)["X"] == {"M": passes}
    assert analyse(cascade).passes["X"] == {"M": passes}


def test_reversing_twice() -> None:
    text = """
        L[m1] = max(m0) X[M0*m1+m0]
        D[m1] = L[M1-1-m1]
        Y[m1,m0] = X[M0*m1+m0] - D[M1-1-m1]
    """
    cascade = cascade_from_text(
        text, ranks={"M": 6, "M0": 2, "M1": "ceil(M / M0)"}, tensors={"X": ["M"]}
    )
    # The analysis is on the safe side: it does not see that D[M1-1-m1] is L[m1] again.
    assert oracle.brute_force(cascade)["X"] == {"M": 1}
    assert analyse(cascade).passes["X"] == {"M": 2}


def test_two_products_by_hand() -> None:
    ranks = {"M": 3, "K": 3, "N": 3, "J": 2}
    tensors = {"A": ["M", "K"], "B": ["K", "N"], "C": ["N", "J"]}
    text = "Y[m,n] = A[m,k] * B[k,n]\nZ[m,j] = Y[m,n] * C[n,j]"
    cascade = cascade_from_text(text, ranks=ranks, tensors=tensors)
    found = oracle.brute_force(cascade)
    assert {n for numbers in found.values() for n in numbers.values()} == {1}
    assert analyse(cascade).passes == found


@pytest.mark.parametrize("chunk", range(8))
def test_agrees_with_brute_force(chunk: int) -> None:
    for seed in range(25 * chunk, 25 * chunk + 25):
        compare(seed)


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(8))
def test_agrees_with_brute_force_on_more(chunk: int) -> None:
    for seed in range(1000 + 250 * chunk, 1250 + 250 * chunk):
        compare(seed)


def test_the_random_cascades_are_a_good_mix() -> None:
    mix: Counter[str] = Counter()
    for seed in range(200):
        case, numbers = answered(seed)
        most = max((n for ranks in numbers.values() for n in ranks.values()), default=1)
        mix.update(["two"] if most == 2 else ["more"] if most > 2 else [])
        mix["split"] += any(family.inner for family in oracle.families(case.cascade))
        mix["running"] += any(einsum.iterated for einsum in case.cascade.einsums)
    wanted = {"two": 40, "more": 15, "split": 30, "running": 20}
    assert all(mix[kind] >= least for kind, least in wanted.items()), mix
