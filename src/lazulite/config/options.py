"""Options declared once: a frozen dataclass whose fields carry default, unit and range.

    @dataclass(frozen=True)
    class QueueOptions(Options):
        batch_size: int = integer(16, 1, 32)
        visibility_timeout: float = seconds(0)

    read_options(QueueOptions, host.extension("queues"))

Each field is read from the member of its name in camelCase. Ranges hold however the options are
made: a constructor call with a value out of range raises ConfigError, as reading does.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from lazulite.config.section import Section
from lazulite.errors import ConfigError, ExpressionError
from lazulite.expr.timespan import format_timespan, parse_timespan

_OPTION = "option"


@dataclass(frozen=True)
class Option:
    """How one member is read: `convert` raises ValueError or ExpressionError."""

    expected: str
    convert: Callable[[Any], Any]
    minimum: float | None = None
    maximum: float | None = None
    show: Callable[[Any], str] = str
    key: str | None = None

    @property
    def allowed(self) -> str:
        """What a value may be, in words: for errors and docs."""
        low, high = self.minimum, self.maximum
        if low is not None and high is not None:
            return f"{self.expected} from {self.show(low)} to {self.show(high)}"
        if low is not None:
            return f"{self.expected}, at least {self.show(low)}"
        if high is not None:
            return f"{self.expected}, at most {self.show(high)}"
        return self.expected

    def holds(self, value: Any) -> bool:
        """Whether a converted value is in range."""
        if value is None or not isinstance(value, int | float):
            return True
        low = self.minimum is None or value >= self.minimum
        return low and (self.maximum is None or value <= self.maximum)


@dataclass(frozen=True)
class Options:
    """Base of option classes: checks ranges at construction."""

    def __post_init__(self) -> None:
        for name, option in options_of(type(self)):
            if not option.holds(getattr(self, name)):
                raise ConfigError(f"'{member_name(name, option)}' must be {option.allowed}.")


T = TypeVar("T", bound=Options)


def read_options(cls: type[T], section: Section) -> T:
    """The options that a section holds; absent or null members keep their defaults.

    Raises ConfigError naming file, line, member and what is allowed.
    """
    values: dict[str, Any] = {}
    for name, option in options_of(cls):
        key = member_name(name, option)
        raw = section.get(key)
        if raw is None:
            continue
        hint: str | None = None
        try:
            value = option.convert(raw)
        except ExpressionError as error:
            value, hint = _INVALID, error.hint
        except (ValueError, TypeError, OverflowError):
            value = _INVALID
        if value is _INVALID or not option.holds(value):
            shown = repr(raw) if isinstance(raw, str) else _json(raw)
            message = f"'{section.key(key)}' must be {option.allowed}, not {shown}."
            raise section.error(key, message, hint)
        values[name] = value
    return cls(**values)


def options_of(cls: type[Options]) -> Iterator[tuple[str, Option]]:
    """Field name and option of each declared field."""
    for item in dataclasses.fields(cls):
        option = item.metadata.get(_OPTION)
        if option is not None:
            yield item.name, option


def member_name(name: str, option: Option) -> str:
    """The member that a field is read from."""
    first, *rest = name.split("_")
    return option.key or first + "".join(word.capitalize() for word in rest)


def text(default: str | None, key: str | None = None) -> Any:
    return _field(default, Option("a text", _to_text, key=key))


def flag(default: bool | None, key: str | None = None) -> Any:
    return _field(default, Option("true or false", _to_flag, show=_json, key=key))


def integer(
    default: int | None,
    minimum: int | None = None,
    maximum: int | None = None,
    key: str | None = None,
) -> Any:
    return _field(default, Option("a whole number", _to_integer, minimum, maximum, key=key))


def number(
    default: float | None,
    minimum: float | None = None,
    maximum: float | None = None,
    key: str | None = None,
) -> Any:
    return _field(default, Option("a number", _to_number, minimum, maximum, key=key))


def seconds(default: float | None, minimum: float | None = 0, maximum: float | None = None) -> Any:
    """A time span in the file, seconds in the field."""
    option = Option("a time span (hh:mm:ss)", _to_seconds, minimum, maximum, _show_seconds)
    return _field(default, option)


def days(default: float) -> Any:
    """Like `seconds`, and a bare number counts days, as the documentation has it for HSTS."""

    def convert(raw: Any) -> float:
        if isinstance(raw, int | str) and str(raw).strip().isdecimal():
            return int(raw) * 86400.0
        return _to_seconds(raw)

    return _field(default, Option("a time span or days", convert, 0, None, _show_seconds))


def choice(default: str | None, *values: str) -> Any:
    """One of `values`, whatever its case in the file; the field has it as declared."""

    def convert(raw: Any) -> str:
        wanted = _to_text(raw).lower()
        return next(value for value in values if value.lower() == wanted)

    def checked(raw: Any) -> str:
        try:
            return convert(raw)
        except StopIteration:
            raise ValueError from None

    return _field(default, Option("one of " + ", ".join(values), checked))


def strings(*default: str) -> Any:
    return _field(default, Option("a list of texts", _to_strings, show=_json))


def string_map() -> Any:
    """An object of texts: a dict from name, as written, to text."""
    option = Option("an object of texts", _to_string_map, show=_json)
    return dataclasses.field(default_factory=dict, metadata={_OPTION: option})


def integer_map(minimum: int) -> Any:
    """An object of whole numbers, each at least `minimum`: a dict from name, as written."""

    def convert(raw: Any) -> dict[str, int]:
        values = {name: _to_integer(value) for name, value in _to_string_map(raw).items()}
        if any(value < minimum for value in values.values()):
            raise ValueError
        return values

    option = Option(f"an object of whole numbers, at least {minimum}", convert, show=_json)
    return dataclasses.field(default_factory=dict, metadata={_OPTION: option})


_INVALID = object()


def _field(default: Any, option: Option) -> Any:
    return dataclasses.field(default=default, metadata={_OPTION: option})


def _to_text(raw: Any) -> str:
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, str | int | float):
        return str(raw)
    raise TypeError


def _to_flag(raw: Any) -> bool:
    if isinstance(raw, bool):
        return raw
    if isinstance(raw, str) and raw.strip().lower() in ("true", "false"):
        return raw.strip().lower() == "true"
    raise ValueError


def _to_integer(raw: Any) -> int:
    if isinstance(raw, bool) or not isinstance(raw, str | int):
        raise TypeError
    return int(raw)


def _to_number(raw: Any) -> float:
    if isinstance(raw, bool) or not isinstance(raw, str | int | float):
        raise TypeError
    value = float(raw)
    if value != value:
        raise ValueError
    return value


def _to_seconds(raw: Any) -> float:
    if isinstance(raw, bool) or not isinstance(raw, str | int | float):
        raise TypeError
    return parse_timespan(str(raw))


def _to_strings(raw: Any) -> tuple[str, ...]:
    if not isinstance(raw, list):
        raise TypeError
    return tuple(_to_text(item) for item in raw)


def _to_string_map(raw: Any) -> dict[str, str]:
    if not isinstance(raw, Mapping):
        raise TypeError
    return {name: _to_text(value) for name, value in raw.items() if value is not None}


def _show_seconds(value: Any) -> str:
    return format_timespan(float(value))


def _json(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(repr(item) for item in value) + "]"
    return "null" if value is None else str(value)
