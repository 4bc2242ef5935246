"""The one canonical layout of our YAML files, with every comment kept.

- Two blanks of indentation, also for the entries of a list below its key; line feeds; one at the
  end; no blanks at the end of a line; at most one empty line in a row, only before an entry or a
  comment that had one, and never first in a file or collection. ``---``, ``...`` and directives
  are dropped.
- A collection is in flow form, ``{a: 1, b: [x, y]}``, where it fits in 100 columns (a comment
  behind it does not count), and in block form, an entry a line, where it

  - is the top level of the file,
  - is a list directly below it that holds mappings or texts of more than a word (``cascade``,
    ``layers``, ``cases``),
  - was in block form and has more than one entry or holds a mapping: the author's choice,
  - holds a comment or a ``|`` or ``>`` text, or a collection that is in block form.

- In a list in block form, a mapping of one key is ``- key: value``.
- Scalars are plain where plain text is read back the same, else in double quotes, on one line;
  what was quoted stays so where YAML itself would read a number, a date or the like (``"010"``).
  Numbers keep their spelling, nothing becomes ``null``, ``|`` and ``>`` texts keep their lines.
- Comments keep their text and order; `accelsim.comments` says which belongs to which entry.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from accelsim.comments import (
    Collection,
    Entry,
    Note,
    Scalar,
    find_notes,
    read_tree,
    unix_lines,
)
from accelsim.documents import Plain, Where, parse_document
from accelsim.errors import UnsupportedError

__all__ = ["Rewrite", "format_document"]

Rewrite = Callable[[Where, list[str]], list[str]]
"""Given the path of a list and the texts in it, the texts to write in their place."""

_COLUMNS = 100
# YAML finds a key by looking back from its colon, over 1024 characters at most.
_KEY_LENGTH = 1000
# Line breaks to YAML, but not to most editors; written as escapes, in quotes.
_WIDE_BREAK = re.compile("[\u2028\u2029]")
_FLOW_SIGNS = re.compile(r"[,?\[\]{}]")
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r", "\0": "\\0"}
_HIDDEN = re.compile(
    "[^ -~\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)


def format_document(text: str, *, name: str, rewrite: Rewrite | None = None) -> str:
    r"""The same document in its canonical form.

    Args:
        text: a YAML file.
        name: its path as the user gave it, for messages.
        rewrite: called once for each list that holds texts, outer lists first; by default they
            stay as they are.

    Raises:
        InputError: where it is not YAML of plain mappings, lists and scalars.
        UnsupportedError: where a key is longer than 1000 characters.
        RuntimeError: where the result would not hold the same values and comments.

    Example:
        >>> print(format_document("a:   [1,  'b']   # c\n\n\n", name="f.yaml"), end="")
        a: [1, b]  # c
    """
    text = unix_lines(text)
    data = _rewritten(parse_document(text, name=name).data, (), rewrite)
    tree, above, behind = read_tree(text, data)
    writer = _Writer(name)
    writer.document(tree, above, behind)
    result = "".join(f"{line}\n" for line in writer.lines)
    _check(text, result, data, name)
    return result


def _rewritten(data: Plain, path: Where, rewrite: Rewrite | None) -> Plain:
    """The values with the texts of each list replaced."""
    if rewrite is None:
        return data
    if isinstance(data, dict):
        return {key: _rewritten(value, (*path, key), rewrite) for key, value in data.items()}
    if not isinstance(data, list):
        return data
    texts = [item for item in data if isinstance(item, str)]
    new = list(rewrite(path, list(texts))) if texts else []
    if len(new) != len(texts):
        raise RuntimeError(f"{len(new)} texts are given for the {len(texts)} of {path}")
    left = iter(new)
    return [
        next(left) if isinstance(item, str) else _rewritten(item, (*path, i), rewrite)
        for i, item in enumerate(data)
    ]


def _check(text: str, result: str, data: Plain, name: str) -> None:
    """Refuse a result of other values or comments; that would be a fault of ours."""
    # By their representation, which tells 1 from 1.0 and from true, and has nan equal to nan.
    same = repr(parse_document(result, name=name).data) == repr(data)
    before, after = ([note.text for note in find_notes(each)] for each in (text, result))
    if not same or before != after:
        what = "comments" if same else "values"
        raise RuntimeError(f"{name}: the canonical form would change the {what} of this file")


class _Writer:
    def __init__(self, name: str) -> None:
        self.name = name
        self.lines: list[str] = []
        self.joined = True
        """Whether an empty line must not follow."""

    def document(
        self, tree: Scalar | Collection | None, above: list[Note], behind: list[Note]
    ) -> None:
        self.notes(above, 0)
        if isinstance(tree, Collection) and tree.entries:
            self.collection(tree, 0, "", top=True)
        elif tree is not None:
            beside = behind.pop(0) if behind and behind[0].beside else None
            self.value("", tree, 0, beside)
        self.notes(behind, 0)

    def line(self, text: str, beside: Note | None = None) -> None:
        self.lines.append(f"{text}  {beside.text}" if beside else text)
        self.joined = False

    def gap(self, blank: bool) -> None:
        if blank and not self.joined:
            self.lines.append("")

    def notes(self, notes: list[Note], indent: int) -> None:
        for note in notes:
            self.gap(note.blank)
            self.line(" " * indent + note.text)

    def collection(self, found: Collection, indent: int, lead: str, *, top: bool = False) -> None:
        """The entries, a line each; ``lead`` is what the first line begins with already."""
        for i, entry in enumerate(found.entries):
            self.notes(entry.above, indent)
            self.gap(entry.blank and not (lead and i == 0))
            start = lead if lead and i == 0 else " " * indent
            self.entry(entry, indent, start, top=top)
        self.notes(found.tail, indent)

    def entry(self, entry: Entry, indent: int, start: str, *, top: bool) -> None:
        head = start + ("-" if entry.key is None else f"{self.key(entry.key)}:")
        value = entry.value
        if not isinstance(value, Collection) or not value.entries:
            self.value(f"{head} ", value, indent, entry.beside)
            return
        flow = None if _wants_block(entry, top=top) else _flow(value)
        if flow is not None and len(head) + 1 + len(flow) <= _COLUMNS:
            self.line(f"{head} {flow}", entry.beside)
            return
        if entry.beside:
            _move_beside(entry, value)
        if entry.key is None:
            self.collection(value, indent + 2, f"{head} ")
            return
        self.line(head, value.opening)
        self.joined = True
        self.collection(value, indent + 2, "")

    def key(self, key: Scalar) -> str:
        shown = _scalar_text(key, flow=False, key=True)
        if len(shown) > _KEY_LENGTH:
            place = f"{self.name}:{key.line}:{key.column}"
            raise UnsupportedError(
                f"{place}: key '{key.text[:20]}...': length is {len(shown)}, "
                f"must be at most {_KEY_LENGTH} characters; shorten it"
            )
        return shown

    def value(
        self, head: str, value: Scalar | Collection, indent: int, beside: Note | None
    ) -> None:
        """A scalar or an empty collection, and the comment at the end of the line."""
        if isinstance(value, Collection):
            self.line(head + ("[]" if value.is_list else "{}"), beside)
            return
        block = _block_lines(value)
        if block is None:
            self.line(head + _scalar_text(value, flow=False), beside)
            return
        self.line(head + block[0], beside)
        for line in block[1:]:
            self.line(" " * (indent + 2) + line if line else "")
        # An empty line behind could not be told from the last ones of the text.
        self.joined = not block[-1].strip()


def _move_beside(entry: Entry, value: Collection) -> None:
    """Find a line for the comment of a collection that gets no line of its own."""
    assert entry.beside
    if value.has_notes():
        # Behind the others, so that the order stays.
        value.tail.append(entry.beside)
    elif entry.key is not None:
        value.opening = entry.beside
    else:
        value.entries[0].beside = entry.beside
    entry.beside = None


def _wants_block(entry: Entry, *, top: bool) -> bool:
    """Whether a collection in a collection of block form is in block form, room or not."""
    value = entry.value
    assert isinstance(value, Collection)
    if entry.key is None:
        return not value.is_list and len(value.entries) == 1
    return top and value.is_list and any(map(_is_long, value.entries))


def _is_mapping(entry: Entry) -> bool:
    return isinstance(entry.value, Collection) and not entry.value.is_list


def _is_long(entry: Entry) -> bool:
    if isinstance(entry.value, Collection):
        return _is_mapping(entry)
    return " " in entry.value.text or bool(_FLOW_SIGNS.search(entry.value.text))


def _flow(value: Scalar | Collection) -> str | None:
    """The flow form, or nothing where the block form must be."""
    if isinstance(value, Scalar):
        return None if _block_lines(value) else _scalar_text(value, flow=True)
    if value.has_notes() or (not value.flow and _is_chosen(value)):
        return None
    shown = []
    for entry in value.entries:
        inner = _flow(entry.value)
        if inner is None:
            return None
        key = "" if entry.key is None else _scalar_text(entry.key, flow=True, key=True) + ": "
        shown.append(key + inner)
    opening, closing = "[]" if value.is_list else "{}"
    return opening + ", ".join(shown) + closing


def _is_chosen(value: Collection) -> bool:
    """Whether a collection in block form stays so because the author wrote it so."""
    return len(value.entries) > 1 or any(map(_is_mapping, value.entries))


def _scalar_text(scalar: Scalar, *, flow: bool, key: bool = False) -> str:
    """A scalar on one line."""
    text = scalar.text
    if not (text or scalar.style or key):
        return "null"
    if _plain_is_safe(text, flow=flow) and (not scalar.style or _is_text(text)):
        return text
    return '"' + "".join(map(_escaped, text)) + '"'


def _plain_is_safe(text: str, *, flow: bool) -> bool:
    """Whether a text without quotes is one scalar, in all versions of the parser."""
    if not text or text.strip(" ") != text or text.startswith(("---", "...")):
        return False
    if ": " in text or " #" in text or text.endswith(":") or _HIDDEN.search(text):
        return False
    if flow and _FLOW_SIGNS.search(text):
        return False
    if text[0] in "-?:":
        return len(text) > 1 and text[1] != " " and (text[0] == "-" or not flow)
    return text[0] not in ",[]{}#&*!|>'\"%@`"


def _is_text(text: str) -> bool:
    """Whether YAML reads plain text as text, and not as a number, a date or the like."""
    from yaml.nodes import ScalarNode
    from yaml.resolver import Resolver

    tag = Resolver().resolve(ScalarNode, text, (True, False))  # type: ignore[no-untyped-call]
    return str(tag) == "tag:yaml.org,2002:str"


def _escaped(sign: str) -> str:
    if sign in _ESCAPES:
        return _ESCAPES[sign]
    if not _HIDDEN.match(sign):
        return sign
    code = ord(sign)
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"


def _block_lines(scalar: Scalar) -> list[str] | None:
    """The sign and the lines of a ``|`` or ``>`` text, or nothing where it cannot be one."""
    import yaml

    text, body = scalar.text, list(scalar.body)
    if not text.strip() or not body or _WIDE_BREAK.search("".join(body)):
        return None
    chomp = "+" if scalar.keep else ""
    if not text.endswith("\n"):
        chomp = "-"
    elif scalar.keep:
        body += [""] * (len(text) - len(text.rstrip("\n")) - 1)
    first = next(line for line in body if line)
    lines = [scalar.style + ("2" if first[0] in " \t" else "") + chomp, *body]
    # What only looks like such a text, at the end of a file without a line feed, say, is quoted.
    trial = "k: " + "".join(f"  {line}\n" if line else "\n" for line in lines).lstrip()
    try:
        node = yaml.compose(trial, Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        return None
    return lines if node is not None and node.value[0][1].value == text else None
