"""The table of bindings: a kind is one folder here, one row below, one page in docs/bindings/.

Names are in lower case, as binding types are matched. A class is imported when an app first uses
its kind; nothing but this table knows the kinds' names.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Any

from lazulite.abc import BindingContext, IOKind, TriggerKind

# what the worker serves itself
SERVED_BY_WORKER = frozenset(("httptrigger", "http"))
# what GET admin/warmup runs
WARM_UP = "warmuptrigger"

TRIGGERS: Mapping[str, str] = MappingProxyType(
    {
        "timertrigger": "timer.trigger:TimerTrigger",
        "queuetrigger": "queue.trigger:QueueTrigger",
        "blobtrigger": "blob.trigger:BlobTrigger",
        WARM_UP: "warmup.trigger:WarmupTrigger",
    }
)

IO: Mapping[str, str] = MappingProxyType(
    {
        "queue": "queue.output:QueueOutput",
        "blob": "blob.io:BlobIO",
        "table": "table.io:TableIO",
    }
)


def known_kinds() -> frozenset[str]:
    """Every binding type that can be used, in lower case."""
    return SERVED_BY_WORKER | TRIGGERS.keys() | IO.keys()


class Bindings:
    """The kinds that one host uses, each made once."""

    def __init__(self, context: BindingContext) -> None:
        self._context = context
        self._made: dict[str, Any] = {}

    def trigger(self, kind: str) -> TriggerKind:
        """The trigger kind of this name. Raises KeyError for one that is not in the table."""
        made: TriggerKind = self._make(TRIGGERS[kind])
        return made

    def io(self, kind: str) -> IOKind:
        """The input and output kind of this name. Raises KeyError."""
        made: IOKind = self._make(IO[kind])
        return made

    def _make(self, place: str) -> Any:
        if place not in self._made:
            module, _, name = place.partition(":")
            self._made[place] = getattr(import_module(f"lazulite.bindings.{module}"), name)(
                self._context
            )
        return self._made[place]
