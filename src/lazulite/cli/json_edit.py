"""JSON with comments, edited in place: what is not changed stays as it was written.

Reads what the app's files may hold: comments, trailing commas, single quotes, a byte order mark.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from lazulite.errors import FileSyntaxError, Where

_SPACE = re.compile(r"(?:\s|//[^\n]*|/\*.*?\*/)*", re.S)
_SCALAR = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null")
_STRING = re.compile(r'"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'')
_WORD = re.compile(r"[A-Za-z_$][\w$.\-]*")
_LINE_COMMENT = re.compile(r"[ \t]*,?[ \t]*//[^\n]*")


@dataclass(frozen=True)
class Node:
    """A value and where it stands in the text; `members` of an object in their order."""

    start: int
    end: int
    value: object
    members: tuple[Member, ...] = field(default=())

    def member(self, name: str) -> Member | None:
        """The last member called `name`, whatever its case."""
        wanted = name.lower()
        return next((m for m in reversed(self.members) if m.key.lower() == wanted), None)


@dataclass(frozen=True)
class Member:
    start: int
    key: str
    node: Node


def parse(text: str, file: str) -> Node:
    """The value that `text` holds. Raises FileSyntaxError with line and column."""
    scanner = _Scanner(text, file)
    start = 1 if text.startswith("\ufeff") else 0
    try:
        node = scanner.value(scanner.space(start))
    except RecursionError:
        scanner.fail(start, "it is nested too deeply")
        raise
    if scanner.space(node.end) != len(text):
        scanner.fail(scanner.space(node.end), "nothing more is expected here")
    return node


class _Scanner:
    def __init__(self, text: str, file: str):
        self.text = text
        self.file = file

    def fail(self, at: int, message: str) -> None:
        line = self.text.count("\n", 0, at) + 1
        column = at - (self.text.rfind("\n", 0, at) + 1) + 1
        raise FileSyntaxError(
            f"not valid JSON: {message}.", where=Where(file=self.file, line=line, column=column)
        )

    def space(self, at: int) -> int:
        match = _SPACE.match(self.text, at)
        return match.end() if match else at

    def value(self, at: int) -> Node:
        opening = self.text[at : at + 1]
        if opening == "{":
            return self.object(at)
        if opening == "[":
            return self.array(at)
        if string := _STRING.match(self.text, at):
            return Node(at, string.end(), self.string(string.group(), at))
        if scalar := _SCALAR.match(self.text, at):
            return Node(at, scalar.end(), json.loads(scalar.group()))
        self.fail(at, "a value is missing" if opening in ("", "}", "]", ",") else "unknown value")
        raise AssertionError

    def string(self, quoted: str, at: int) -> str:
        if quoted.startswith("'"):
            quoted = '"' + quoted[1:-1].replace("\\'", "'").replace('"', '\\"') + '"'
        try:
            return str(json.loads(quoted, strict=False))
        except ValueError:
            self.fail(at, "the string has an unknown escape")
            raise

    def items(self, at: int, closing: str) -> Iterator[int]:
        """Where each item starts; the caller sets `self.at` to its end."""
        self.at = at + 1
        while True:
            here = self.space(self.at)
            if self.text[here : here + 1] == closing:
                self.at = here + 1
                return
            yield here
            here = self.space(self.at)
            follows = self.text[here : here + 1]
            if follows == ",":
                self.at = here + 1
            elif follows != closing:
                self.fail(here, f"',' or '{closing}' is missing")
            else:
                self.at = here

    def object(self, at: int) -> Node:
        members = []
        for start in self.items(at, "}"):
            if quoted := _STRING.match(self.text, start):
                key, end = self.string(quoted.group(), start), quoted.end()
            elif word := _WORD.match(self.text, start):
                key, end = word.group(), word.end()
            else:
                self.fail(start, "a name in quotes is missing")
            colon = self.space(end)
            if self.text[colon : colon + 1] != ":":
                self.fail(colon, "':' is missing")
            node = self.value(self.space(colon + 1))
            members.append(Member(start, key, node))
            self.at = node.end
        value = {member.key: member.node.value for member in members}
        return Node(at, self.at, value, tuple(members))

    def array(self, at: int) -> Node:
        values = []
        for start in self.items(at, "]"):
            node = self.value(start)
            values.append(node.value)
            self.at = node.end
        return Node(at, self.at, values)


def replace(text: str, node: Node, value: object) -> str:
    """`text` with the value at `node` replaced."""
    return text[: node.start] + json.dumps(value, ensure_ascii=False) + text[node.end :]


def add(text: str, parent: Node, key: str, value: object) -> str:
    """`text` with a member added at the end of the object at `parent`, indented like the others."""
    name = json.dumps(key, ensure_ascii=False)
    dumped = json.dumps(value, ensure_ascii=False, indent=2)
    if not parent.members:
        line = text[text.rfind("\n", 0, parent.start) + 1 : parent.start]
        outer = line[: len(line) - len(line.lstrip())]
        inner = outer + "  "
        dumped = dumped.replace("\n", "\n" + inner)
        within = text[parent.start + 1 : parent.end - 1].rstrip()
        whole = f"{{{within}\n{inner}{name}: {dumped}\n{outer}}}"
        return text[: parent.start] + whole + text[parent.end :]
    last = parent.members[-1]
    indent = text[text.rfind("\n", 0, last.start) + 1 : last.start]
    if indent.strip():
        return f"{text[: last.node.end]}, {name}: {json.dumps(value)}{text[last.node.end :]}"
    dumped = dumped.replace("\n", "\n" + indent)
    # the comma behind the value, the member behind the comment that may follow on its line
    comment = _LINE_COMMENT.match(text, last.node.end)
    if comment is None:
        return f"{text[: last.node.end]},\n{indent}{name}: {dumped}{text[last.node.end :]}"
    after = comment.group().lstrip(" \t,")
    head = f"{text[: last.node.end]}, {after}\n{indent}{name}: {dumped}"
    return head + text[comment.end() :]


def remove(text: str, parent: Node, member: Member) -> str:
    """`text` without `member`, its comma and its line; comments around it stay."""
    index = parent.members.index(member)
    after = _SPACE.match(text, member.node.end)
    comma = after.end() if after else member.node.end
    if text[comma : comma + 1] == ",":
        end = comma + 1
        if index + 1 < len(parent.members):
            end += len(text[end:]) - len(text[end:].lstrip())
            return text[: member.start] + text[end:]
    else:
        end = member.node.end
    start = text[: member.start].rstrip()
    if index and start.endswith(","):
        start = start[:-1]
    return start + text[end:]
