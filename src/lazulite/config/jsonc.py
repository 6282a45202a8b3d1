"""JSON as people write it in settings files.

Standard JSON is read by `json`. Only when that fails does the lenient parser run, which also takes
what the original's parser takes: comments (`//`, `/* */`), trailing commas, single quotes, names
without quotes, strings over several lines. Of duplicate names the last one counts.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from pathlib import Path
from typing import Any

from lazulite.errors import ConfigError, FileSyntaxError, Where

Step = str | int

_SPACE = re.compile(r"(?:\s|\ufeff|//[^\r\n]*|/\*.*?\*/)*", re.S)
_NUMBER = re.compile(r"-?(?:0[xX][0-9a-fA-F]+|[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?)")
_WORD = re.compile(r"[\w$]+")
_PLAIN = {'"': re.compile(r'[^"\\]*'), "'": re.compile(r"[^'\\]*")}
_NEWLINE = re.compile(r"\r\n|\r|\n")
_LITERALS = {
    "true": True,
    "false": False,
    "null": None,
    "NaN": float("nan"),
    "Infinity": float("inf"),
}
_ESCAPES = {
    '"': '"',
    "'": "'",
    "\\": "\\",
    "/": "/",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
}
_PYTHON_LITERALS = {"True": "true", "False": "false", "None": "null"}
_EXCERPT = 76


def read_text(path: str | Path) -> str:
    """The file's text, UTF-8 (or UTF-16 or UTF-32 with or without a byte order mark).

    Raises ConfigError when it cannot be read or decoded.
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConfigError(f"The file cannot be read: {reason}.", where=Where(str(path))) from None
    try:
        return data.decode(json.detect_encoding(data)).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise FileSyntaxError(
            f"The file is not {error.encoding.upper()} text (byte {error.start}: {error.reason}).",
            where=Where(str(path), line),
            hint="Save it in the UTF-8 encoding.",
        ) from None


def loads(text: str, file: str = "") -> Any:
    """The value that `text` holds; `file` is named in errors.

    Raises FileSyntaxError with line, column, the offending line and a hint.
    """
    text = text.removeprefix("\ufeff")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return _Parser(text, file).document()


def locate(text: str, *path: Step) -> tuple[int, int]:
    """Line and column (1-based) of the value at `path`, e.g. `locate(text, "bindings", 1, "type")`.

    Names match exactly or else whatever their case. Where the path leaves the document, it is the
    place of the deepest value that is there; (1, 1) when the text cannot be parsed.
    """
    text = text.removeprefix("\ufeff")
    parser = _Parser(text, "")
    try:
        parser.document()
    except FileSyntaxError:
        return 1, 1
    found = _deepest(parser.places, path)
    return position(text, parser.places.get(found, 0))


def position(text: str, offset: int) -> tuple[int, int]:
    """Line and column (1-based) of an offset in the text."""
    starts = [0, *(m.end() for m in _NEWLINE.finditer(text))]
    line = bisect_right(starts, offset)
    return line, offset - starts[line - 1] + 1


def _deepest(places: dict[tuple[Step, ...], int], path: tuple[Step, ...]) -> tuple[Step, ...]:
    at: tuple[Step, ...] = ()
    for step in path:
        exact = (*at, step)
        if exact not in places:
            matches = [p for p in places if len(p) == len(exact) and _same(p, exact)]
            if not matches:
                return at
            exact = matches[-1]
        at = exact
    return at


def _same(a: tuple[Step, ...], b: tuple[Step, ...]) -> bool:
    return [str(s).lower() for s in a] == [str(s).lower() for s in b]


class _Parser:
    """Recursive descent over the text; `places` maps each value's path to its offset."""

    def __init__(self, text: str, file: str) -> None:
        self.text = text
        self.file = file
        self.at = 0
        self.places: dict[tuple[Step, ...], int] = {}
        self.long_string: int | None = None

    def document(self) -> Any:
        self._space()
        if self.at == len(self.text):
            raise self._error("The file is empty.", "Write at least {}.")
        try:
            value = self._value(())
        except RecursionError:
            raise self._error("The values are nested too deeply.", None) from None
        self._space()
        if self.at < len(self.text):
            raise self._error(
                f"Unexpected {self._found()} after the end of the JSON value.",
                "Remove it; look for a closing bracket too many.",
            )
        return value

    def _value(self, path: tuple[Step, ...]) -> Any:
        self.places[path] = self.at
        char = self.text[self.at : self.at + 1]
        if char == "{":
            return self._object(path)
        if char == "[":
            return self._array(path)
        if char in ('"', "'") and char:
            return self._string(char)
        return self._scalar()

    def _object(self, path: tuple[Step, ...]) -> dict[str, Any]:
        opened = self.at
        self.at += 1
        result: dict[str, Any] = {}
        while True:
            self._space()
            if self._take("}"):
                return result
            name = self._name(opened)
            self._space()
            if not self._take(":"):
                self._unclosed(opened, "{")
                raise self._error(
                    f"Expected ':' after the name '{name}', found {self._found()}.",
                    'A member is written as "name": value.',
                )
            self._space()
            result[name] = self._value((*path, name))
            self._separator(opened, "{", "}")

    def _array(self, path: tuple[Step, ...]) -> list[Any]:
        opened = self.at
        self.at += 1
        result: list[Any] = []
        while True:
            self._space()
            if self._take("]"):
                return result
            self._unclosed(opened, "[")
            result.append(self._value((*path, len(result))))
            self._separator(opened, "[", "]")

    def _separator(self, opened: int, bracket: str, close: str) -> None:
        self._space()
        if self._take(",") or self.text[self.at : self.at + 1] == close:
            return
        self._unclosed(opened, bracket)
        raise self._error(
            f"Expected ',' or '{close}', found {self._found()}.",
            "Is a comma missing before it?",
        )

    def _name(self, opened: int) -> str:
        char = self.text[self.at : self.at + 1]
        if char == '"' or char == "'":
            return self._string(char)
        word = _WORD.match(self.text, self.at)
        if word:
            self.at = word.end()
            return word[0]
        self._unclosed(opened, "{")
        raise self._error(
            f"Expected a name in quotes or '}}', found {self._found()}.",
            'A member is written as "name": value.',
        )

    def _string(self, quote: str) -> str:
        start = self.at
        self.at += 1
        parts: list[str] = []
        while True:
            plain = _PLAIN[quote].match(self.text, self.at)
            assert plain is not None
            parts.append(plain[0])
            self.at = plain.end()
            if self._take(quote):
                if self.long_string is None and _NEWLINE.search(self.text, start, self.at):
                    self.long_string = start
                return "".join(parts)
            if self.at >= len(self.text):
                raise self._error(
                    "The string has no closing quote.", f"End it with {quote}.", start
                )
            parts.append(self._escape())

    def _escape(self) -> str:
        start = self.at
        char = self.text[start + 1 : start + 2]
        if char in _ESCAPES and char:
            self.at += 2
            return _ESCAPES[char]
        if char == "u":
            first = self._unit(start)
            self.at += 6
            if 0xD800 <= first < 0xDC00 and self.text.startswith("\\u", self.at):
                second = self._unit(self.at)
                if 0xDC00 <= second < 0xE000:
                    self.at += 6
                    return chr(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00))
            return chr(first)
        raise self._error(
            f"'\\{char}' is no escape sequence of JSON.",
            "Write a backslash as two: \\\\.",
        )

    def _unit(self, start: int) -> int:
        digits = self.text[start + 2 : start + 6]
        if not re.fullmatch(r"[0-9a-fA-F]{4}", digits):
            raise self._error("\\u must be followed by four hexadecimal digits.", None, start)
        return int(digits, 16)

    def _scalar(self) -> Any:
        if self.text.startswith("-Infinity", self.at):
            self.at += len("-Infinity")
            return float("-inf")
        number = _NUMBER.match(self.text, self.at)
        after = self.text[number.end() : number.end() + 1] if number else ""
        if number and not (after and _WORD.match(after)):
            value = self._number(number)
            self.at = number.end()
            return value
        word = _WORD.match(self.text, self.at)
        if word and word[0] in _LITERALS:
            self.at = word.end()
            return _LITERALS[word[0]]
        if word and word[0] in _PYTHON_LITERALS:
            hint: str | None = f"Write {_PYTHON_LITERALS[word[0]]}."
        elif word:
            hint = "Put a text in double quotes."
        else:
            hint = None
        raise self._error(f"Expected a value, found {self._found()}.", hint)

    def _number(self, match: re.Match[str]) -> int | float:
        text = match[0]
        try:
            if "x" in text or "X" in text:
                return int(text, 16)
            return int(text) if match[1] is None and match[2] is None else float(text)
        except ValueError:
            raise self._error("The number is too long.", None) from None

    def _space(self) -> None:
        match = _SPACE.match(self.text, self.at)
        assert match is not None
        self.at = match.end()
        if self.text.startswith("/*", self.at):
            raise self._error("The comment has no end.", "End it with */.")

    def _take(self, char: str) -> bool:
        if self.text.startswith(char, self.at):
            self.at += 1
            return True
        return False

    def _unclosed(self, opened: int, bracket: str) -> None:
        if self.at >= len(self.text):
            close = {"{": "}", "[": "]"}[bracket]
            raise self._error(
                f"The '{bracket}' here is never closed.", f"Add the missing '{close}'.", opened
            )

    def _found(self) -> str:
        if self.at >= len(self.text):
            return "the end of the file"
        word = _WORD.match(self.text, self.at)
        return f"'{word[0][:40] if word else self.text[self.at]}'"

    def _error(self, message: str, hint: str | None, offset: int | None = None) -> FileSyntaxError:
        if self.long_string is not None:
            # A forgotten quote swallows the lines up to the next one: the fault is where it began.
            message = "The string is not closed on its line."
            offset, hint = self.long_string, "Add the missing quote."
        offset = self.at if offset is None else offset
        line, column = position(self.text, offset)
        return FileSyntaxError(
            f"{message}\n{_excerpt(self.text, line, column)}",
            where=Where(self.file or None, line, column),
            hint=hint,
        )


def _excerpt(text: str, line: int, column: int) -> str:
    whole = _NEWLINE.split(text)[line - 1].replace("\t", " ")
    start = max(0, column - 1 - _EXCERPT // 2) if len(whole) > _EXCERPT else 0
    return f"    {whole[start : start + _EXCERPT].rstrip()}\n    {' ' * (column - 1 - start)}^"
