"""The canonical layout: what changes, what never does, and that a second time changes nothing."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import accelsim
from accelsim.comments import find_notes, unix_lines
from accelsim.documents import Where, parse_document
from accelsim.errors import InputError, UnsupportedError
from accelsim.layout import _Writer, format_document
from accelsim.library import ARCHITECTURES, MAPPERS, WORKLOADS, shipped

PACKAGE = Path(accelsim.__file__).parent
SHIPPED = [path for kind in (WORKLOADS, MAPPERS, ARCHITECTURES) for path in shipped(kind).values()]
SHIPPED += sorted((PACKAGE / "accelerators").rglob("*.yaml"))
SEVEN = ", ".join(f"a-name-{i}: {i}" for i in range(7))
EIGHT = ", ".join(f"a-name-{i}: {i}" for i in range(8))


def once(text: str) -> str:
    """The canonical form, which has the same values and is its own canonical form."""
    result = format_document(text, name="f.yaml")
    assert repr(values(result)) == repr(values(text))
    assert format_document(result, name="f.yaml") == result
    return result


def quoted(text: str) -> str:
    return (
        '"' + "".join(json.dumps(c)[1:-1] if c < "\x7f" else f"\\U{ord(c):08x}" for c in text) + '"'
    )


def values(text: str) -> object:
    return parse_document(text, name="f.yaml").data


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_shipped_files(path: Path) -> None:
    text = path.read_text()
    result = once(text)
    # Independent of the scanner: no text of a shipped file holds " #".
    comments = re.findall(r"(?:^|\s)(#.*)", text, re.M)
    assert re.findall(r"(?:^|\s)(#.*)", result, re.M) == comments
    assert {line for line in result.splitlines() if len(line) > 100} <= set(text.splitlines())
    assert result.endswith("\n")
    assert not re.search(r"[ \t]\n|\n\n\n|\n\n$", result)


LAYOUT = {
    # Collections.
    "indentation": ("a:\n- {x: 1}\n-    {y: 2}\n", "a:\n  - x: 1\n  - y: 2\n"),
    "flow where it fits": ("a:\n    b: 1\nc: [ 1,2 ]\n", "a: {b: 1}\nc: [1, 2]\n"),
    "author's block form": ("a:\n    b: 1\n    c: [2]\n", "a:\n  b: 1\n  c: [2]\n"),
    "author's list": ("a:\n- [x]\n- [y]\n", "a:\n  - [x]\n  - [y]\n"),
    "block in block": ("a:\n  b:\n    c: 1\n", "a:\n  b: {c: 1}\n"),
    "block outside of block": (
        "a:\n  b:\n    c: 1\n    d: 2\n",
        "a:\n  b:\n    c: 1\n    d: 2\n",
    ),
    "flow in flow": ("a: {b: {c: [1, 2], d: {}}}", "a: {b: {c: [1, 2], d: {}}}\n"),
    "lines of flow": ("a: {b: 1,\n\n  c: [\n 2]}", "a: {b: 1, c: [2]}\n"),
    "empty": ("a: { }\nb: [\n]\n", "a: {}\nb: []\n"),
    "author's mapping": ("a:\n  b: {c: 1}\n", "a:\n  b: {c: 1}\n"),
    "top level": ("{a: 1, b: 2}", "a: 1\nb: 2\n"),
    "top level list": ("[a, [b, c], {d: 1}, {}]", "- a\n- [b, c]\n- d: 1\n- {}\n"),
    "one word": ("a: [x, y-z, 1]", "a: [x, y-z, 1]\n"),
    "texts": ("a: [x, y z]", "a:\n  - x\n  - y z\n"),
    "Einsums": ("cascade: ['Z[m]=A[m]']", "cascade:\n  - Z[m]=A[m]\n"),
    "mappings": (
        "a: [{name: q, set: {M: B * P}}, {for: [B, H]}]",
        "a:\n  - {name: q, set: {M: B * P}}\n  - for: [B, H]\n",
    ),
    "deeper lists stay": ("a: {b: [x y, {c: 1}]}", "a: {b: [x y, {c: 1}]}\n"),
    "list in list": ("a:\n-   - b\n    - c d\n", "a:\n  - - b\n    - c d\n"),
    "too long": (
        f"a: {{{EIGHT}}}\n",
        "a:\n" + "".join(f"  a-name-{i}: {i}\n" for i in range(8)),
    ),
}

SCALARS = {
    "quotes": ("a: 'x'\nb: \"y z\"\n", "a: x\nb: y z\n"),
    "quotes that are needed": ("a: 'b: c'\nd: ' #e'\n", 'a: "b: c"\nd: " #e"\n'),
    "only in flow": ("a: {b: 'x, y', c: 'p?'}", 'a: {b: "x, y", c: "p?"}\n'),
    "not in block": ("a:\n  b: 'x, y'\n  c: 'p?'\n", "a:\n  b: x, y\n  c: p?\n"),
    "quoted into flow": ("a:\n  b: x, y\n", 'a: {b: "x, y"}\n'),
    "looks like another type": (
        "a: ['1', 'yes', 'null', '1:30', '010', '2020-01-01', '', '~', '1_0', '=', '.inf']",
        'a: ["1", "yes", "null", "1:30", "010", "2020-01-01", "", "~", "1_0", "=", ".inf"]\n',
    ),
    "spelling": (
        "a: [1e9, 0x10, 1_000, 010, 1.0e+9, 1:30, 2020-01-01, ~, True, .inf, -0]",
        "a: [1e9, 0x10, 1_000, 010, 1.0e+9, 1:30, 2020-01-01, ~, True, .inf, -0]\n",
    ),
    "nothing": (
        "a:\nb: [x, ~]\nc:\n-\n- {d, e: }\n",
        "a: null\nb: [x, ~]\nc:\n  - null\n  - {d: null, e: null}\n",
    ),
    "signs": (
        "a: '- x'\nb: '-x'\nc: '@'\nd: ':x'\ne: '? y'\nf: '#'\ng: '!t'\nh: '--- z'\ni: 'j:'\n",
        'a: "- x"\nb: -x\nc: "@"\nd: :x\ne: "? y"\nf: "#"\ng: "!t"\nh: "--- z"\ni: "j:"\n',
    ),
    "keys": ("'a b': 1\n'1': 2\n? c\n: 3\n'd: ': 4\n", 'a b: 1\n"1": 2\nc: 3\n"d: ": 4\n'),
    "escapes": (
        'a: "tab\\t \\x07 \\u00e9 \\u2028 \\U0001F600 \\\\ \\"x\\""\n',
        'a: "tab\\t \\x07 é \\u2028 😀 \\\\ \\"x\\""\n',
    ),
    "lines": ("a: one\n  two\nb: 'three\n\n  four'\n", 'a: one two\nb: "three\\nfour"\n'),
    "blanks inside": ("a:   x    = y\n", "a: x    = y\n"),
    "literal": ("a: |\n     x\n       y\n\n     z\nb: 1\n", "a: |\n  x\n    y\n\n  z\nb: 1\n"),
    "literal, indented": (
        "a:\n  b: |4-\n        x\n      y\n",
        "a:\n  b: |2-\n      x\n    y\n",
    ),
    "literal, kept": ("a: |+\n  x\n\n\nb: 1\n", "a: |+\n  x\n\n\nb: 1\n"),
    "literal, not kept": ("a: |\n  x\n\n\nb: 1\n", "a: |\n  x\n\nb: 1\n"),
    "literal, blanks last": ("a: |\n  x\n   \n\nb: 1\n", "a: |\n  x\n   \nb: 1\n"),
    "literal in a list": ("a:\n- |\n x\n- y\n", "a:\n  - |\n    x\n  - y\n"),
    "literal at the end": ("a: |\n  x", "a: |-\n  x\n"),
    "literal of nothing": ("a: |+\n\n\nb: |\n", 'a: "\\n\\n"\n\nb: ""\n'),
    "folded": ("a: >-\n    x\n    y\n\n      z\n", "a: >-\n  x\n  y\n\n    z\n"),
    "one value": ("'x'\n", "x\n"),
    "one literal": ("|\n x\n", "|\n  x\n"),
}
COMMENTS = {
    "beside": ("a: 1 # x  \nb: [y]    # z\n", "a: 1  # x\nb: [y]  # z\n"),
    "not one": ("a: x#y\nb: '# z'\n", 'a: x#y\nb: "# z"\n'),
    "above": (
        "a:\n  b: 1\n     # c\n  d: 2\n # e\nf: 3\n",
        "a:\n  b: 1\n  # c\n  d: 2\n  # e\nf: 3\n",
    ),
    "above, outside": ("a:\n  b: 1\n  d: 2\n# e\nf: 3\n", "a:\n  b: 1\n  d: 2\n# e\nf: 3\n"),
    "above, list without indentation": (
        "a:\n- x\n- y\n# b\nb: 1\n",
        "a:\n  - x\n  - y\n# b\nb: 1\n",
    ),
    "last entry": ("a:\n  - x\n  # - y\n# b\nb: 1\n", "a:\n  - x\n  # - y\n# b\nb: 1\n"),
    "after the last": (
        "a:\n  b:\n    c: 1\n    # d\n  # e\n# f\n",
        "a:\n  b:\n    c: 1\n    # d\n  # e\n# f\n",
    ),
    "behind a key": ("a: # x\n    b: 1\n", "a:  # x\n  b: 1\n"),
    "below a key": ("a:\n# x\n  b: 1\n", "a:\n  # x\n  b: 1\n"),
    "before a number": ("a: # x\n # y\n 1 # z\n", "# x\n# y\na: 1  # z\n"),
    "behind a key of a number": ("a: # x\n  1\n", "a: 1  # x\n"),
    "behind a dash": ("-  # x\n  a: 1\n  b: 2\n", "# x\n- a: 1\n  b: 2\n"),
    "behind dashes": ("- b\n- # x\n  - # y\n    - c\n", "- b\n# x\n# y\n- [[c]]\n"),
    "in flow": (
        "a: [ # w\n  x, # y\n  # z\n  {b: 1} # c\n  , # d\n  e ] # f\n",
        "a:  # w\n  - x  # y\n  # z\n  - b: 1  # c\n  # d\n  - e\n  # f\n",
    ),
    "in flow, last": ("a: {b: 1, # c\n # d\n }\n", "a:\n  b: 1  # c\n  # d\n"),
    "in nothing": ("a: [ # x\n # y\n ]\nb: {} # z\n", "# x\n# y\na: []\nb: {}  # z\n"),
    "of what gets too long": (
        f"a: {{{EIGHT}}} # x\n",
        "a:  # x\n" + "".join(f"  a-name-{i}: {i}\n" for i in range(8)),
    ),
    "of an entry that gets too long": (
        f"- {{{EIGHT}}} # x\n",
        "- a-name-0: 0  # x\n" + "".join(f"  a-name-{i}: {i}\n" for i in range(1, 8)),
    ),
    "does not count": (f"a: {{{SEVEN}}} # a longer one\n", f"a: {{{SEVEN}}}  # a longer one\n"),
    "literal": ("a: | # x\n  # y\n# z\nb: 1\n", "a: |  # x\n  # y\n# z\nb: 1\n"),
    "explicit key": ("? # x\n  a # y\n: # z\n  1\n", "# x\n# y\na: 1  # z\n"),
    "first line": (
        "#!/usr/bin/env accelsim\n# yaml-language-server: $schema=x\n\n\n# a\na: 1\n",
        "#!/usr/bin/env accelsim\n# yaml-language-server: $schema=x\n\n# a\na: 1\n",
    ),
    "empty document": ("\n  # x\n\n\n  # y\n", "# x\n\n# y\n"),
    "nothing": ("\n\n", ""),
    "frame": ("%YAML 1.1 # v\n--- # w\na: 1 # x\n... # y\n", "# v\n# w\na: 1  # x\n# y\n"),
    "behind the end": ("a: 1\n... # y\n", "a: 1\n# y\n"),
    "one value": ("# x\n'y' # z\n# w\n", "# x\ny  # z\n# w\n"),
    "line ends": ("\ufeffa: 1 # x\r\n\r\n\r\n# y\r\nb: 2\r\n", "a: 1  # x\n\n# y\nb: 2\n"),
}

EMPTY_LINES = {
    "one": ("\n\na: 1\n\n\n\nb: 2\n\n\n", "a: 1\n\nb: 2\n"),
    "none": ("a: 1\nb: 2", "a: 1\nb: 2\n"),
    "before a comment": ("a: 1\n\n# b\nb: 2\n", "a: 1\n\n# b\nb: 2\n"),
    "after a comment": ("# head\n\na: 1\n", "# head\n\na: 1\n"),
    "first in a collection": ("a:\n\n  b: 1\n\n  c: 2\n", "a:\n  b: 1\n\n  c: 2\n"),
    "before nothing": ("- a\n\n-\n\n- # x\n- b\n", "- a\n\n- null\n\n- null  # x\n- b\n"),
    "with blanks": ("a: 1\n   \nb: 2\n", "a: 1\n\nb: 2\n"),
    "before what moves": ("a: 1\n\nb: # x\n  # y\n  2\n", "a: 1\n\n# x\n# y\nb: 2\n"),
}


@pytest.mark.parametrize(
    "case",
    [*LAYOUT.values(), *SCALARS.values(), *COMMENTS.values(), *EMPTY_LINES.values()],
    ids=[*LAYOUT, *SCALARS, *COMMENTS, *EMPTY_LINES],
)
def test_before_and_after(case: tuple[str, str]) -> None:
    before, after = case
    assert once(before) == after


@pytest.mark.parametrize("case", [*SCALARS.values(), *COMMENTS.values()])
def test_without_the_fast_parser(case: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    before, after = case
    assert once(before) == after


def test_one_hundred_columns_fit() -> None:
    fits = f"key: {{{SEVEN}}}\n"
    fits = fits.replace("6}", "6" * (101 - len(fits) + 1) + "}")
    assert len(fits) == 101  # with the line feed
    assert once(fits) == fits
    assert once(fits.replace("66", "666", 1)).startswith("key:\n  a-name-0: 0\n")


def test_indentation_and_dash_count_as_columns() -> None:
    line = f"  - {{{SEVEN}}}"
    line = line.replace("6}", "6" * (100 - len(line) + 1) + "}")
    assert len(line) == 100
    assert once(f"a: [{line[4:]}]\n") == f"a:\n{line}\n"
    longer = line[4:].replace("66", "666", 1)
    assert once(f"a: [{longer}]\n").startswith("a:\n  - a-name-0: 0\n    a-name-1: 1\n")


def test_rewrite() -> None:
    calls: list[tuple[Where, list[str]]] = []

    def rewrite(path: Where, texts: list[str]) -> list[str]:
        calls.append((path, texts))
        return [text.upper() if path[0] == "cascade" else text for text in texts]

    text = "cascade: [a = b, 1, 'yes', 2.5, [x, ~]] # c\nd:\n- e: [f]\n- {}\ng: [1]\n"
    result = format_document(text, name="f.yaml", rewrite=rewrite)
    assert calls == [
        (("cascade",), ["a = b", "yes"]),
        (("cascade", 4), ["x"]),
        (("d", 0, "e"), ["f"]),
    ]
    assert result == (
        'cascade:  # c\n  - A = B\n  - 1\n  - "YES"\n  - 2.5\n  - [X, ~]\n'
        "d:\n  - e: [f]\n  - {}\ng: [1]\n"
    )


@pytest.mark.parametrize("new", ["12", "a: b", "", "x\ny", "# z", "no"])
def test_rewritten_texts_stay_texts(new: str) -> None:
    text = "a: # c\n- >\n  folded\n- 1\n"
    result = format_document(text, name="f.yaml", rewrite=lambda path, texts: [new])
    assert values(result) == {"a": [new, 1]}
    assert result.startswith("a:  # c\n")


def test_rewrite_of_another_length_is_refused() -> None:
    with pytest.raises(RuntimeError, match="2 texts are given for the 1"):
        format_document("a: [b]", name="f.yaml", rewrite=lambda path, texts: [*texts, "c"])


def test_bad_files_are_refused() -> None:
    with pytest.raises(InputError, match=r"f.yaml:1:5: is not YAML"):
        format_document("a: b: c", name="f.yaml")
    with pytest.raises(InputError, match="anchor"):
        format_document("a: &x 1", name="f.yaml")


def test_key_that_yaml_could_not_read_back() -> None:
    assert once(f"? {'k' * 1000}\n: 1\n") == "k" * 1000 + ": 1\n"
    with pytest.raises(UnsupportedError, match=r"f.yaml:2:5: key 'kkk.* at most 1000 characters"):
        format_document(f"a:\n  ? {'k' * 1001}\n  : 1\n", name="f.yaml")


@pytest.mark.parametrize(
    ("wrong", "what"),
    [
        (lambda line: line.replace("1", "2"), "values"),
        (lambda line: line.replace("1", "'1'"), "values"),
        (lambda line: line.replace("1", "1.0"), "values"),
        (lambda line: line.replace("# x", "# y"), "comments"),
        (lambda line: line.replace("# x", ""), "comments"),
    ],
)
def test_a_fault_of_ours_is_never_written(
    wrong: Callable[[str], str], what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    true_document = _Writer.document

    def document(self: _Writer, *parts: object) -> None:
        true_document(self, *parts)  # type: ignore[arg-type]
        self.lines = [wrong(line) for line in self.lines]

    monkeypatch.setattr(_Writer, "document", document)
    with pytest.raises(RuntimeError, match=f"f.yaml: .* would change the {what}"):
        format_document("a: 1 # x", name="f.yaml")


WEIRD = [
    *["yes", "null", "~", "1:30", "010", "1e9", "0x1F", "-", "- x", "? x", "a: b", "#x", "x #y"],
    *[
        " lead",
        "trail ",
        "",
        "one\ntwo\n",
        "\n",
        " \n a",
        "tab\there",
        "é 😀",
        "\u2028",
        "\x85",
        "\x7f",
    ],
    *["a, b", "[x]", "{y}", "it's", 'say "x"', "Z[m] = A[m,k] * B[k]", "---", "...", "--- x", "%y"],
    *["<<", "=", "x:", ":x", "?", "\ufeff", "a\\b", "2020-01-01", "!t", "&a", "*a", "long " * 25],
]
PLAIN = ["word", "two words", "1", "1e9", "0x10", "1_000", "010", "~", "null", "yes", "1:30", "a#b"]
WORDS = st.one_of(st.sampled_from(WEIRD), st.text(max_size=6))


class _Generator:
    """YAML text of random form, and the comments that were put into it."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.comments: list[str] = []

    def pick(self, *options: object) -> object:
        return self.draw(st.sampled_from(options))

    def comment(self) -> str:
        text = f"#{self.pick('', ' ', '!')}{len(self.comments)}{self.pick('', ' it: [x', ' é #')}"
        self.comments.append(text)
        return text

    def end(self) -> str:
        """The end of a line."""
        return f" {self.comment()}\n" if self.pick(0, 0, 1) else "\n"

    def between(self, *columns: int) -> str:
        """Empty lines and comments before an entry."""
        lines = self.draw(st.lists(st.sampled_from(["\n", "  \n", "#"]), max_size=2))
        pad = [" " * int(str(self.pick(*columns))) for _ in lines]
        return "".join(
            f"{blank}{self.comment()}\n" if line == "#" else line
            for blank, line in zip(pad, lines, strict=True)
        )

    def word(self) -> str:
        if self.pick(0, 1):
            return str(self.pick(*PLAIN))
        text = self.draw(WORDS)
        if self.pick(0, 1) or not re.fullmatch("[ -~]*", text):
            return quoted(text)
        return "'" + text.replace("'", "''") + "'"

    def key(self, i: int) -> str:
        return str(self.pick(f"k{i}", f"'k {i}'", f'"{i}: "', f"{i}"))

    def gap(self, column: int) -> str:
        """What may stand between two tokens inside of brackets."""
        if self.pick(0, 0, 0, 1):
            return self.end() + self.between(0, column) + " " * column
        return " "

    def flow(self, depth: int, column: int) -> str:
        kind = self.pick("word", "list", "mapping") if depth else "word"
        if kind == "word":
            return self.word()
        text = "[" if kind == "list" else "{"
        for i in range(self.draw(st.integers(0, 3))):
            text += self.gap(column) + (f"{self.key(i)}: " if kind == "mapping" else "")
            text += self.flow(depth - 1, column) + self.gap(column) + ","
        return text + self.gap(column) + ("]" if kind == "list" else "}")

    def literal(self, column: int) -> str:
        sign = f"{self.pick('|', '>')}{self.pick('', '-', '+')}"
        lines = [str(self.pick("x", "# not one", "y: z", "  deeper", "")) for _ in range(3)]
        body = "".join(f"{' ' * column}{line}\n" if line else "\n" for line in ["first", *lines])
        return f"{sign}{self.end()}{body}"

    def value(self, depth: int, column: int, *, dash: bool) -> str:
        """What follows ``key:`` or ``-`` in a collection at a column, to the end of its lines."""
        kind = self.pick("flow", "flow", "literal", "block", "inline", "none", "below")
        deeper = column + int(str(self.pick(1, 2, 4)))
        if kind == "none":
            return self.end()
        if kind == "literal":
            return " " + self.literal(deeper)
        if kind == "below":
            start = self.end() + self.between(0, deeper)
            return start + " " * deeper + self.flow(0, deeper) + self.end()
        if kind == "inline" and dash and depth:
            return " " + self.block(depth - 1, column + 2)[column + 2 :]
        if kind == "block" and depth:
            return self.end() + self.between(0, deeper) + self.block(depth - 1, deeper)
        return " " + self.flow(depth, column + 1) + self.end()

    def block(self, depth: int, column: int) -> str:
        """A collection in block form; its first line is indented, with nothing above it."""
        dash = bool(self.pick(0, 1))
        text = ""
        for i in range(self.draw(st.integers(1, 3))):
            # Deeper than the entry, a comment might be a line of a literal text.
            text += self.between(0, column) if i else ""
            text += " " * column + ("-" if dash else f"{self.key(i)}:")
            text += self.value(depth, column, dash=dash)
        return text


@st.composite
def documents(draw: st.DrawFn) -> tuple[str, list[str]]:
    made = _Generator(draw)
    text = made.between(0, 3) + made.block(3, 0) + made.between(0)
    return text, made.comments


@settings(max_examples=150, deadline=None)
@given(documents(), st.booleans(), st.booleans())
def test_random_documents(document: tuple[str, list[str]], carriage: bool, fast: bool) -> None:
    text, comments = document
    with pytest.MonkeyPatch.context() as patch:
        if not fast:
            patch.delattr(yaml, "CSafeLoader", raising=False)
        result = once(text.replace("\n", "\r\n") if carriage else text)
        assert [note.text for note in find_notes(result)] == comments
    assert not re.search(r"^#.*[ \t]$|\r", result, re.M)


TOKENS = [
    *["a", "b: ", "k:", "- ", "-", "# c", " #d", "[", "]", "{", "}", ", ", "?", "? ", ": ", "'x'"],
    *['"y"', " ", "  ", "    ", "\n", "\n  ", "\n    ", "\n- ", "\n  - ", "\n\n", "|", "|\n  t"],
    *["|+\n  t\n\n", ">-\n  t\n   u\n", "|2\n   q", ">\n", "#e\n", "1", "010", "---\n", "...\n"],
    *[
        "\t",
        "\u2028",
        "\x85",
        "%",
        "!",
        "...",
        "\ufeff",
        "~",
        "\r\n",
        "\r",
        "|2-\n    y\n  \n",
        "é",
    ],
]


@settings(max_examples=250, deadline=None)
@given(st.lists(st.sampled_from(TOKENS), max_size=12).map("".join))
def test_anything_is_refused_or_kept(text: str) -> None:
    try:
        result = format_document(text, name="f.yaml")
    except InputError:
        return
    assert format_document(result, name="f.yaml") == result
    before, after = find_notes(text), find_notes(result)
    assert [note.text for note in before] == [note.text for note in after]


@settings(max_examples=130, deadline=None)
@given(WORDS, st.sampled_from(["{}\n", "a: [{}]\n", "a: {{b: {}}}\n", "{}: 1\n", "- {}: {}\n"]))
def test_any_text(text: str, frame: str) -> None:
    once(frame.format(quoted(text), 1))


@settings(max_examples=100, deadline=None)
@given(documents(), st.sampled_from(["\r", "\r\n", "\x85"]))
def test_line_ends_do_not_change_values(document: tuple[str, list[str]], sign: str) -> None:
    text = document[0].replace("\n", sign)
    assert repr(values(unix_lines(text))) == repr(values(text))
