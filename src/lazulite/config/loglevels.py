"""Log levels of host.json: which records of which category are wanted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from lazulite.config.section import Section

# The original's names, in order; `None` lets nothing through. The numbers are those of `logging`.
LEVELS: Mapping[str, int] = MappingProxyType(
    {
        "Trace": 5,
        "Debug": 10,
        "Information": 20,
        "Warning": 30,
        "Error": 40,
        "Critical": 50,
        "None": 100,
    }
)
_BY_NAME = {name.lower(): number for name, number in LEVELS.items()}


@dataclass(frozen=True, slots=True)
class LogLevels:
    """Level by category prefix (lower case); `default` counts where no prefix matches, if set."""

    default: int | None = None
    by_prefix: Mapping[str, int] = field(default_factory=dict)

    def find(self, category: str) -> int | None:
        """The level of the longest prefix that the category starts with, else the default."""
        wanted = category.lower()
        matches = [prefix for prefix in self.by_prefix if wanted.startswith(prefix)]
        return self.by_prefix[max(matches, key=len)] if matches else self.default

    def over(self, base: LogLevels) -> LogLevels:
        """These levels laid over `base`: a provider's table over the general one."""
        default = base.default if self.default is None else self.default
        return LogLevels(default, {**base.by_prefix, **self.by_prefix})


def parse_level(name: object) -> int | None:
    """The number of a level name, whatever its case; None for something else."""
    return _BY_NAME.get(name.strip().lower()) if isinstance(name, str) else None


def read_levels(section: Section) -> LogLevels:
    """The levels of a `logLevel` section. Raises ConfigError for a level that does not exist."""
    default: int | None = None
    by_prefix: dict[str, int] = {}
    for category, value in section.items():
        level = parse_level("None" if value is None else value)
        if level is None:
            names = ", ".join(LEVELS)
            raise section.error(
                category, f"'{section.key(category)}' must be one of {names}, not {value!r}."
            )
        if category.lower() == "default":
            default = level
        else:
            by_prefix[category.lower()] = level
    return LogLevels(default, by_prefix)
