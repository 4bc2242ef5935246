"""How long ago the tile of a partial result was visited last, against brute force."""

from __future__ import annotations

from random import Random

from accelsim.simulator.actor import Actor, Job
from accelsim.simulator.again import read_again
from accelsim.simulator.loops import Level

RANKS = "MNK"


def levels_of(rng: Random) -> tuple[Level, ...]:
    """Loops over three ranks, some cut twice, tiles at the end shorter or missing."""
    sizes = {rank: rng.randint(1, 9) for rank in RANKS}
    last: dict[str, int] = {}
    found: list[Level] = []
    for i in range(rng.randint(1, 5)):
        rank = rng.choice(RANKS)
        parent = last.get(rank, -1)
        most = sizes[rank] if parent < 0 else found[parent].size
        found.append(Level((-i,), rank, parent, sizes[rank], rng.randint(1, most), "every"))
        last[rank] = i
    return tuple(found)


def actor(index: int, levels: tuple[Level, ...], flags: tuple[int, ...] = ()) -> Actor:
    return Actor(index, "", "Z", levels, lambda _: Job((), 0), (), flags=flags)


def place(reader: Actor) -> tuple[tuple[int, int], ...]:
    """Of every loop over M and N, the tile that it stands at: they do not run over K."""
    cursor = reader.cursor
    return tuple(
        (i, at)
        for i, (level, at) in enumerate(zip(reader.levels, cursor.at, strict=True))
        if level.rank != "K"
    )


def test_the_last_visit_is_found_in_ragged_nests_too() -> None:
    rng, again = Random(1), 0
    for _ in range(400):
        levels = levels_of(rng)
        flags = tuple(i for i, level in enumerate(levels) if level.rank == "K")
        reader, writer = actor(0, levels, flags), actor(1, levels)
        read_again(reader, writer)
        (need,) = reader.needs
        seen: dict[tuple[tuple[int, int], ...], int] = {}
        visit, depth = 0, 1
        while depth:
            last = seen.get(place(reader))
            # As many visits must have been written as there were up to the last of this tile.
            found = visit + need.least(reader)
            assert found == (last + 1 if last is not None else 0), (levels, reader.cursor.at)
            again += last is not None
            seen[place(reader)] = visit
            visit += 1
            depth = reader.complete()
    assert again > 1000
