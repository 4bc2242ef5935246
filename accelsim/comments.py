"""A YAML text as a tree of entries, each with the comments that belong to it.

PyYAML drops comments; its tokens say where they are, since whatever stands between two tokens is
blank or a comment. Which comment belongs where:

- at the end of a line: to the entry that it follows; behind ``key:`` or an opening bracket, to
  the collection that begins there;
- on a line of its own: to the entry that follows it, except that one behind the last entry of a
  collection and indented into it stays there (a last entry that was commented out);
- anywhere that has no line in the canonical form, such as between a key and its number: before
  the entry.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from accelsim.documents import Plain

if TYPE_CHECKING:
    from yaml.nodes import CollectionNode, Node, ScalarNode

__all__ = ["Collection", "Entry", "Note", "Scalar", "find_notes", "read_tree", "unix_lines"]

_BREAKS = "\n\u2028\u2029"
_COMMENT = re.compile(f"#[^{_BREAKS}]*")
_HEADER = re.compile(r"([|>])([-+]?)([1-9]?)([-+]?)")
# Lines of the document's frame; a comment behind one belongs to no entry before it.
_FRAME = re.compile(r"\ufeff?(---|\.\.\.|%.*)?\s*")


@dataclass(frozen=True)
class Note:
    """One comment, where it stood."""

    text: str
    """From ``#`` on, without blanks at the end."""
    index: int
    """Character at which it begins."""
    column: int
    beside: bool
    """Whether something of the document stands before it on its line."""
    blank: bool
    """Whether the line before is empty."""


@dataclass(frozen=True)
class Scalar:
    """One number, word or text."""

    text: str
    """Its value as text; a number as it was spelled."""
    style: str = ""
    """``""`` for plain, else the sign that opens it: ``'``, ``"``, ``|`` or ``>``."""
    body: tuple[str, ...] = ()
    """The lines of a ``|`` or ``>`` text without their indentation."""
    keep: bool = False
    """Whether empty lines behind a ``|`` or ``>`` text are part of it (``+``)."""
    line: int = 1
    column: int = 1


# Entries and collections are completed while the text is walked, and read-only from then on.
@dataclass
class Entry:
    """One ``key: value`` of a mapping, or one value of a list."""

    key: Scalar | None
    value: Scalar | Collection
    above: list[Note]
    """Comments on lines of their own, directly before it."""
    blank: bool
    """Whether an empty line stands directly before it."""
    beside: Note | None = None
    """The comment at the end of its line."""

    def lift(self, notes: Sequence[Note]) -> None:
        """Put comments from inside of the entry before it."""
        if notes:
            self.above += [replace(notes[0], blank=notes[0].blank or self.blank), *notes[1:]]
            self.blank = False

    def follow(self, notes: list[Note]) -> list[Note]:
        """Take a comment at the end of this line from those behind it; returns the others."""
        if notes and notes[0].beside:
            if self.beside:
                self.lift([self.beside])
            self.beside = notes[0]
            return notes[1:]
        return notes


@dataclass
class Collection:
    """A mapping or a list."""

    is_list: bool
    flow: bool
    """Whether it was written with brackets."""
    entries: list[Entry] = field(default_factory=list)
    opening: Note | None = None
    """The comment on the line of the key that it belongs to."""
    tail: list[Note] = field(default_factory=list)
    """Comments behind the last entry."""

    def has_notes(self) -> bool:
        """Whether any comment is inside."""
        return bool(self.opening or self.tail) or any(map(_has_notes, self.entries))


def _has_notes(entry: Entry) -> bool:
    inside = isinstance(entry.value, Collection) and entry.value.has_notes()
    return bool(entry.above or entry.beside or inside)


def unix_lines(text: str) -> str:
    """The text without byte order marks, and with line feeds alone between lines."""
    return re.sub("\r\n|\r|\x85", "\n", text.lstrip("\ufeff"))


def find_notes(text: str) -> list[Note]:
    """Every comment of a YAML text, in order."""
    return list(_notes(unix_lines(text), _tokens(unix_lines(text))))


def read_tree(text: str, data: Plain) -> tuple[Scalar | Collection | None, list[Note], list[Note]]:
    """The entries of a document with their comments.

    Args:
        text: sound YAML with line feeds alone (`unix_lines`), without tags, anchors and aliases.
        data: its values; where a text is another than in ``text``, it is taken instead.

    Returns:
        The document, the comments before it and those behind it, where it is a single value.
    """
    import yaml

    tokens = _tokens(text)
    node = yaml.compose(text, Loader=_loader())
    return _Builder(text, tokens).document(node, data)


def _loader() -> Any:
    import yaml

    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _tokens(text: str) -> list[Any]:
    import yaml

    return list(yaml.scan(text, Loader=_loader()))


def _notes(text: str, tokens: Sequence[Any]) -> Iterator[Note]:
    from yaml.tokens import ScalarToken

    at = 0
    for token in tokens:
        start, end = token.start_mark.index, token.end_mark.index
        yield from _between(text, at, start)
        if isinstance(token, ScalarToken) and token.style in ("|", ">"):
            header = _HEADER.match(text, start)
            line_end = text.find("\n", start, end)
            if header:  # The comment behind the sign is inside of the token.
                yield from _between(text, header.end(), line_end if line_end >= 0 else end)
        at = max(at, end)
    yield from _between(text, at, len(text))


def _between(text: str, start: int, end: int) -> Iterator[Note]:
    for match in _COMMENT.finditer(text, start, end):
        before = text[_line_start(text, match.start()) : match.start()]
        yield Note(
            match.group().rstrip(" \t\r"),
            match.start(),
            len(before),
            beside=not _FRAME.fullmatch(before),
            blank=not before.strip() and _after_empty_line(text, match.start()),
        )


def _line_start(text: str, index: int) -> int:
    start = text.rfind("\n", 0, index) + 1
    # Only then the rare ones, which would else be looked for in all of the text before.
    return max(start, *(text.rfind(sign, start, index) + 1 for sign in _BREAKS))


def _after_empty_line(text: str, index: int) -> bool:
    """Whether nothing stands before ``index`` on its line, nor on the line before."""
    start = _line_start(text, index)
    if start == 0 or text[start:index].strip(" \t"):
        return False
    return not text[_line_start(text, start - 1) : start].strip()


def _openers(tokens: Sequence[Any], kind: type) -> dict[int, int]:
    """For what directly follows a sign of this kind (or its end, for nothing): where that is."""
    written = [(t, t.start_mark.index, t.end_mark.index) for t in tokens]
    written = [each for each in written if each[2] > each[1]]
    found = {}
    for i, (token, start, end) in enumerate(written):
        if isinstance(token, kind):
            found[end] = start
            if i + 1 < len(written):
                found[written[i + 1][1]] = start
    return found


class _Builder:
    def __init__(self, text: str, tokens: Sequence[Any]) -> None:
        from yaml.tokens import BlockEntryToken, KeyToken

        self.text = text
        self.notes = list(_notes(text, tokens))
        self.at = 0
        self.dashes = _openers(tokens, BlockEntryToken)
        self.marks = _openers(tokens, KeyToken)

    def document(
        self, node: Node | None, data: Plain
    ) -> tuple[Scalar | Collection | None, list[Note], list[Note]]:
        from yaml.nodes import CollectionNode, ScalarNode

        end = len(self.text) + 1
        if isinstance(node, CollectionNode) and node.value:
            tree = self.collection(node, data, [], parent=-1, limit=end, keyed=False)
            tree.tail += self.take(end)
            return tree, [], []
        if node is None:
            return None, self.take(end), []
        entry = Entry(None, Scalar(""), self.take(node.start_mark.index), blank=False)
        value = self.single(entry, node, data, parent=0)
        behind = entry.follow(self.take(end))
        above = entry.above
        if isinstance(node, ScalarNode) and not (node.value or node.style):
            return None, above, ([entry.beside] if entry.beside else []) + behind
        return value, above, ([entry.beside] if entry.beside else []) + behind

    def take(self, until: int, column: int = -1) -> list[Note]:
        """The next comments before a place; those on their own line only from a column on."""
        start = self.at
        while self.at < len(self.notes) and self.notes[self.at].index < until:
            note = self.notes[self.at]
            if not note.beside and note.column < column:
                break
            self.at += 1
        return self.notes[start : self.at]

    def collection(
        self,
        node: CollectionNode,
        data: Plain,
        pending: list[Note],
        *,
        parent: int,
        limit: int,
        keyed: bool,
    ) -> Collection:
        """A collection that is not empty.

        Args:
            node: where it is.
            data: its values.
            pending: comments behind its key.
            parent: column of the block collection that it is in.
            limit: where the next entry after it begins.
            keyed: whether it has a line of its own for a comment, that of its key.
        """
        flow = bool(node.flow_style)
        end = node.end_mark.index if flow else limit
        found = Collection(isinstance(data, list), flow)
        children = list(self.children(node, data))
        starts = [start for start, *_ in children[1:]] + [end]
        column = parent if flow else node.start_mark.column
        for (start, key, value, item), after in zip(children, starts, strict=True):
            lead = pending + self.take(start) if not found.entries else self.take(start)
            if not found.entries and keyed and lead and lead[0].beside:
                found.opening = lead.pop(0)
            elif found.entries:
                lead = found.entries[-1].follow(lead)
            found.entries.append(self.entry(start, key, value, item, lead, column, after))
        rest = self.take(end, -1 if flow else parent + 1)
        found.tail = found.entries[-1].follow(rest)
        return found

    def children(
        self, node: CollectionNode, data: Plain
    ) -> Iterator[tuple[int, ScalarNode | None, Node, Plain]]:
        """Where each entry begins (at its dash or question mark), its key and its value."""
        if isinstance(data, list):
            for value, item in zip(node.value, data, strict=True):
                start = value.start_mark.index
                yield self.dashes.get(start, start), None, value, item
        elif isinstance(data, dict):
            for (key, value), item in zip(node.value, data.values(), strict=True):
                start = key.start_mark.index
                yield self.marks.get(start, start), key, value, item

    def entry(
        self,
        start: int,
        key: ScalarNode | None,
        value: Node,
        data: Plain,
        above: list[Note],
        column: int,
        limit: int,
    ) -> Entry:
        from yaml.nodes import CollectionNode

        name = self.scalar(key, key.value, column) if key is not None else None
        entry = Entry(name, Scalar(""), above, _after_empty_line(self.text, start))
        if not (isinstance(value, CollectionNode) and value.value):
            entry.value = self.single(entry, value, data, column)
            return entry
        pending = self.take(value.start_mark.index)
        inner = self.collection(
            value, data, pending, parent=column, limit=limit, keyed=key is not None
        )
        if key is None:  # Its first entry shares the line of the dash.
            first = inner.entries[0]
            entry.lift(first.above)
            first.above = []
        entry.value = inner
        return entry

    def single(self, entry: Entry, node: Node, data: Plain, parent: int) -> Scalar | Collection:
        """A value on one line: a scalar or an empty collection."""
        from yaml.nodes import ScalarNode

        block = node.style in ("|", ">") if isinstance(node, ScalarNode) else False
        inside = self.take(node.start_mark.index) + self.take(node.end_mark.index)
        if inside and inside[-1].beside:
            entry.beside = inside.pop()
        entry.lift(inside)
        if isinstance(node, ScalarNode):
            return self.scalar(node, data, parent, block=block)
        return Collection(isinstance(data, list), flow=True)

    def scalar(self, node: ScalarNode, data: Plain, parent: int, *, block: bool = False) -> Scalar:
        line, column = node.start_mark.line + 1, node.start_mark.column + 1
        if isinstance(data, str) and data != node.value:
            return Scalar(data, '"', line=line, column=column)
        style = node.style or ""
        if not block:
            return Scalar(node.value, style, line=line, column=column)
        raw = self.text[node.start_mark.index : node.end_mark.index]
        return Scalar(node.value, style, *_body(raw, parent), line=line, column=column)


def _body(raw: str, parent: int) -> tuple[tuple[str, ...], bool]:
    """The lines of a ``|`` or ``>`` text without indentation, and whether it says ``+``."""
    head, *lines = raw.split("\n")
    match = _HEADER.match(head)
    assert match
    filled = next((line for line in lines if line.strip(" ")), "")
    digit = match.group(3)
    indent = parent + int(digit) if digit else len(filled) - len(filled.lstrip(" "))
    body = [line[indent:] for line in lines]
    while body and not body[-1]:
        body.pop()
    return tuple(body), "+" in match.group(2) + match.group(4)
