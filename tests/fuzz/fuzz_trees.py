"""YAML files as trees that keep doubled keys and odd spellings, changed and written out anew."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from random import Random

import yaml
from fuzz_texts import ODD_SCALARS, arithmetic, soup

_PLAIN = re.compile(r"[A-Za-z][\w ./+*()=-]*|[0-9]+(\.[0-9]+)?")


@dataclass
class Tree:
    """A scalar (its spelling), or the entries of a list or mapping (pairs of spelling and tree)."""

    text: str = ""
    entries: list[tuple[str, Tree]] = field(default_factory=list)
    kind: str = "scalar"

    def walk(self) -> Iterator[Tree]:
        yield self
        for _, entry in self.entries:
            yield from entry.walk()


def spelled(text: str) -> str:
    """A text as YAML reads it back."""
    return text if _PLAIN.fullmatch(text) else json.dumps(text)


@cache
def _composed(text: str) -> yaml.Node:
    node = yaml.compose(text, Loader=yaml.CSafeLoader)
    assert node is not None
    return node


def tree_of(text: str) -> Tree:
    """A new tree of a YAML text."""
    return _tree(_composed(text))


def _tree(node: yaml.Node) -> Tree:
    if isinstance(node, yaml.MappingNode):
        pairs = [(spelled(key.value), _tree(value)) for key, value in node.value]
        return Tree(entries=pairs, kind="mapping")
    if isinstance(node, yaml.SequenceNode):
        return Tree(entries=[("", _tree(value)) for value in node.value], kind="list")
    text = str(node.value)
    return Tree(text if node.tag != "tag:yaml.org,2002:str" else spelled(text))


def changed(rng: Random, tree: Tree, others: list[Tree]) -> Tree:
    """One change somewhere; ``others`` lends parts of other files."""
    places = list(tree.walk())
    place = rng.choice(places)
    if rng.random() < 0.5 and place.kind == "scalar":
        place.text = odd_scalar(rng)
        return tree
    if not place.entries:
        place.kind, place.entries = rng.choice([("list", []), ("mapping", []), ("scalar", [])])
        place.text = odd_scalar(rng)
        return tree
    _change_entries(rng, place, rng.randrange(len(place.entries)), others)
    return tree


def _change_entries(rng: Random, place: Tree, at: int, others: list[Tree]) -> None:
    key, value = place.entries[at]
    other = rng.randrange(len(place.entries))
    match rng.randrange(8):
        case 0:
            del place.entries[at]
        case 1:
            place.entries.insert(other, (key, value))
        case 2:
            place.entries[at], place.entries[other] = place.entries[other], place.entries[at]
        case 3:
            place.entries[at] = (rng.choice([odd_scalar(rng), place.entries[other][0]]), value)
        case 4:
            place.kind = "list" if place.kind == "mapping" else "mapping"
            place.entries = [(each or f"k{i}", v) for i, (each, v) in enumerate(place.entries)]
        case 5:
            place.entries[at] = (key, Tree(odd_scalar(rng)))
        case 6:
            place.entries[at] = (key, rng.choice(list(rng.choice(others).walk())))
        case _:
            for _ in range(rng.choice([1, 3, 60])):
                value = Tree(entries=[("a", value)], kind=rng.choice(["list", "mapping"]))
            place.entries[at] = (key, value)


def odd_scalar(rng: Random) -> str:
    kind = rng.random()
    if kind < 0.7:
        return rng.choice(ODD_SCALARS)
    return json.dumps(rng.choice([arithmetic, soup])(rng), ensure_ascii=rng.random() < 0.5)


def written(rng: Random, tree: Tree) -> str:
    """The tree as YAML, each collection in flow or block form."""
    return "\n".join(_lines(rng, tree, block=0.7)) + rng.choice(["\n", "\n", ""])


def _lines(rng: Random, tree: Tree, block: float) -> list[str]:
    if not tree.entries or rng.random() > block:
        return [_flow(tree)]
    lines: list[str] = []
    for key, value in tree.entries:
        inner = _lines(rng, value, block * 0.8)
        head = f"{key or 'k'}:" if tree.kind == "mapping" else "-"
        note = "  # why" if rng.random() < 0.03 else ""
        if len(inner) == 1:
            lines.append(f"{head} {inner[0]}{note}")
        else:
            lines += [f"{head}{note}", *(f"  {line}" for line in inner)]
    return lines


def _flow(tree: Tree) -> str:
    if tree.kind == "scalar":
        return tree.text
    if tree.kind == "list":
        return f"[{', '.join(_flow(value) for _, value in tree.entries)}]"
    return "{" + ", ".join(f"{key}: {_flow(value)}" for key, value in tree.entries) + "}"
