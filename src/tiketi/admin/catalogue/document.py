"""Bytes to a tree of nodes that know their line: YAML 1.2's core scalars, JSON included.

Refused: what is not UTF-8, control characters, lone surrogates, aliases, tags, duplicate keys,
a second document, and anything over the bounds below.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from tiketi.admin.catalogue.errors import PROBLEMS_MAX, CatalogueInvalid, Problem
from tiketi.admin.catalogue.node import Loc, Node, path_of

FILE_BYTES_MAX = 8 * 1024 * 1024
DEPTH_MAX = 16
NODES_MAX = 2_000_000  # a seat written out is eleven at most

# YAML's own set, less U+2028 and its kind, which editors do not count as line ends but YAML does.
_REFUSED = re.compile(
    "[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
_LINE_END = re.compile(r"\r\n|\r|\n")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
# json.dumps writes what lies beyond U+FFFF as two escapes, which libyaml refuses.
_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")
_INTEGER = re.compile(r"[-+]?[0-9]{1,18}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NUMBER_CHARACTERS_MAX = 100
_NULLS = ("", "~", "null", "Null", "NULL")
_BOOLEANS = {"true": True, "True": True, "TRUE": True}
_BOOLEANS |= {"false": False, "False": False, "FALSE": False}


def read_document(data: bytes, *, filename: str) -> tuple[Node, list[Problem]]:
    """The file's tree, with the problems that do not hide what else it says.

    Raises ``CatalogueInvalid`` where there is no tree to speak of.
    """
    text = _decode(data, filename)
    composer = _Composer(filename, line_max=_place(text, len(text))[0])
    try:
        for event in _events(text):
            composer.take(event)
    except yaml.MarkedYAMLError as error:
        raise composer.broken(_syntax_problem(error, composer.open_flow(), text)) from None
    except (yaml.YAMLError, ValueError):
        # PyYAML's own scanner leaves an escape beyond Unicode to chr().
        line, column = composer.last
        problem = Problem(line, column, "", "not YAML: something here cannot be read")
        raise composer.broken(problem) from None
    if composer.root is None:
        raise composer.broken(Problem(1, 1, "", "the file is empty"))
    return composer.root, composer.problems


def _decode(data: bytes, filename: str) -> str:
    if len(data) > FILE_BYTES_MAX:
        reason = f"over {FILE_BYTES_MAX // 1024 // 1024} MiB: split the catalogue"
        raise CatalogueInvalid(filename, [Problem(1, 1, "", reason)])
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8-sig")
        line, column = _place(before, len(before))
        reason = f"not UTF-8 (byte 0x{data[error.start]:02X}): save the file as UTF-8"
        raise CatalogueInvalid(filename, [Problem(line, column, "", reason)]) from None
    problems = []
    for found in _REFUSED.finditer(text):
        line, column = _place(text, found.start())
        reason = f"the character U+{ord(found[0]):04X} has no place in a catalogue"
        problems.append(Problem(line, column, "", reason))
        if len(problems) > PROBLEMS_MAX:
            break
    if problems:
        raise CatalogueInvalid(filename, problems)
    return text


def _place(text: str, index: int) -> tuple[int, int]:
    line, begin = 1, 0
    for end in _LINE_END.finditer(text, 0, index):
        line, begin = line + 1, end.end()
    return line, index - begin + 1


def _events(text: str) -> Iterator[yaml.Event]:
    fast = getattr(yaml, "CSafeLoader", None)
    loader = yaml.SafeLoader if fast is None or _SURROGATE_ESCAPE.search(text) else fast
    events: Iterator[yaml.Event] = yaml.parse(text, Loader=loader)
    return events


def _syntax_problem(error: yaml.MarkedYAMLError, flow: Node | None, text: str) -> Problem:
    mark, begun = error.problem_mark or error.context_mark, error.context_mark
    last_line, last_column = _place(text, len(text))
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    if line > last_line:
        line, column = last_line, last_column
    reason = f"not YAML: {error.problem or error.context}"
    content = text.rstrip()
    if line >= _place(content, len(content))[0] and flow is not None:
        line, column, reason = flow.line, flow.column, "not YAML: this bracket is not closed"
    elif begun and "quoted" in (error.context or ""):
        # A quote left open is found at the end of the file, and made where it begins.
        line, column = begun.line + 1, begun.column + 1
    elif begun and begun.line + 1 < line:
        reason += f" ({error.context} that begins on line {begun.line + 1})"
    return Problem(line, column, "", reason)


@dataclass(slots=True)
class _Open:
    node: Node
    in_brackets: bool
    loc: Loc
    key: Node | None = None


class _Composer:
    """Builds the tree event by event, so that no depth of nesting recurses."""

    def __init__(self, filename: str, *, line_max: int) -> None:
        self.filename = filename
        self._line_max = line_max
        self.root: Node | None = None
        self.problems: list[Problem] = []
        self.last = (1, 1)
        # Each open collection: whether it is in brackets, where it hangs, the key in waiting.
        self._open: list[_Open] = []
        self._nodes = 0
        self._documents = 0

    def take(self, event: yaml.Event) -> None:
        if mark := event.start_mark:
            # libyaml puts what an unended last line leaves out on a line after it.
            self.last = (min(mark.line + 1, self._line_max), mark.column + 1)
        match event:
            case yaml.DocumentStartEvent():
                self._documents += 1
                if self._documents > 1:
                    self._stop("a second document: a catalogue is one")
            case yaml.AliasEvent():
                self._problem("aliases have no use here: write the value again")
                self._attach(Node(None, *self.last, refused=True))
            case yaml.ScalarEvent():
                self._attach(self._scalar(event))
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self._begin(event)
            case yaml.CollectionEndEvent():
                self._open.pop()

    def open_flow(self) -> Node | None:
        """The innermost bracket that was not closed."""
        return next((each.node for each in reversed(self._open) if each.in_brackets), None)

    def broken(self, problem: Problem) -> CatalogueInvalid:
        return CatalogueInvalid(self.filename, [*self.problems, problem])

    def _begin(self, event: yaml.MappingStartEvent | yaml.SequenceStartEvent) -> None:
        if len(self._open) >= DEPTH_MAX:
            self._stop(f"nested deeper than {DEPTH_MAX} levels")
        if event.tag is not None:
            self._problem("tags have no use here")
        is_mapping = isinstance(event, yaml.MappingStartEvent)
        node = Node({} if is_mapping else [], *self.last, refused=event.tag is not None)
        loc = self._loc()
        self._attach(node)
        self._open.append(_Open(node, bool(event.flow_style), loc))

    def _attach(self, node: Node) -> None:
        self._nodes += 1
        if self._nodes > NODES_MAX:
            self._stop(f"more than {NODES_MAX:,} values")
        if not self._open:
            self.root = node
            return
        parent = self._open[-1].node.value
        if isinstance(parent, list):
            parent.append(node)
        elif isinstance(parent, dict):
            self._attach_to_mapping(parent, node)

    def _attach_to_mapping(self, parent: dict[str, Node], node: Node) -> None:
        key = self._open[-1].key
        if key is None:
            if node.source is None:
                self._stop("a key must be text")
            self._open[-1].key = node
            return
        self._open[-1].key = None
        name = key.source or ""
        if name in parent:
            first = parent[name].key_line
            self.last = (key.line, key.column)
            self._problem(f"duplicate key, first on line {first}", (name,))
            return
        node.key_line, node.key_column = key.line, key.column
        parent[name] = node

    def _scalar(self, event: yaml.ScalarEvent) -> Node:
        if event.tag is not None:
            self._problem("tags have no use here: put text in quotes")
            return Node(None, *self.last, source=event.value, refused=True)
        text = event.value
        try:
            # Joins the two halves of a pair that was written as two escapes.
            text = text.encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError:
            self._problem("half of a surrogate pair")
            return Node(None, *self.last, source="", refused=True)
        if control := _CONTROL.search(text):
            self._problem(f"the character U+{ord(control[0]):04X} has no place in a catalogue")
            return Node(None, *self.last, source="", refused=True)
        text = unicodedata.normalize("NFC", text)
        return Node(_resolve(text) if event.implicit[0] else text, *self.last, source=text)

    def _problem(self, reason: str, tail: Loc = ()) -> None:
        self.problems.append(Problem(*self.last, path_of((*self._loc(), *tail)), reason))
        if len(self.problems) > PROBLEMS_MAX:
            raise CatalogueInvalid(self.filename, self.problems)

    def _stop(self, reason: str) -> None:
        raise self.broken(Problem(*self.last, path_of(self._loc()), reason))

    def _loc(self) -> Loc:
        """Where the value that is being read will hang."""
        if not self._open:
            return ()
        last = self._open[-1]
        if isinstance(last.node.value, list):
            return (*last.loc, len(last.node.value))
        return (*last.loc, last.key.source or "") if last.key else last.loc


def _resolve(text: str) -> bool | float | str | None:
    """A plain scalar by YAML 1.2's core schema; whole numbers of up to 18 digits are exact."""
    if text in _NULLS:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if len(text) <= _NUMBER_CHARACTERS_MAX and _FLOAT.fullmatch(text):
        return float(text)
    return text
