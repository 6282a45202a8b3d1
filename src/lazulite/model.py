"""What an app is made of, as frozen data. Standard library only: worker and host share it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

_LARGEST_EXPONENT = 60

Direction = Literal["in", "out", "inout"]

DataType = Literal[
    "string",
    "bytes",
    "json",
    "int",
    "double",
    "file",
    "none",
    "collection_string",
    "collection_bytes",
    "model_binding_data",
]


@dataclass(frozen=True, slots=True)
class Data:
    """A binding's value on its way between host and worker.

    `json` holds JSON text; `file` the path of a file in the host's spool with the content, which
    the host deletes after the invocation (an input's goes when the worker opens it);
    `model_binding_data` a mapping with `version`,
    `source`, `content_type` and `content` (JSON text), for SDK-type bindings; `none` holds None.
    """

    type: DataType
    value: Any


NO_DATA = Data("none", None)


@dataclass(frozen=True, slots=True)
class BindingSpec:
    """One binding as its function declares it. `properties` holds the members beyond the four."""

    name: str
    type: str
    direction: Direction = "in"
    data_type: str | None = None
    properties: Mapping[str, Any] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """The type in lower case, as the table of bindings knows it."""
        return self.type.lower()

    @property
    def connection(self) -> str:
        """The setting that holds its connection; '' for the host's own account."""
        return str(self.get("connection") or "")

    @property
    def is_trigger(self) -> bool:
        return self.kind.endswith("trigger")

    def get(self, name: str, default: Any = None) -> Any:
        """The member `name`, whatever its case (binding members are case-insensitive)."""
        found = self.properties.get(name)
        if found is not None:
            return found
        wanted = name.lower()
        for key, value in self.properties.items():
            if key.lower() == wanted and value is not None:
                return value
        return default


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """In-process retries; intervals in seconds, `max_retries` -1 = without end."""

    strategy: Literal["fixedDelay", "exponentialBackoff"]
    max_retries: int
    delay: float = 0.0
    minimum: float = 0.0
    maximum: float = 0.0

    def wait(self, attempt: int, rand: Callable[[], float]) -> float:
        """Seconds to wait before retry number `attempt` (1 = the first).

        fixedDelay: always `delay`. exponentialBackoff: `minimum` first, then
        `minimum + 2**(attempt-2) * minimum * r` with r between 0.8 and 1.2, never above `maximum`.
        `rand` returns a float in [0, 1). Raises ValueError for an attempt below 1.
        """
        if attempt < 1:
            raise ValueError(f"attempt is {attempt}, retries are numbered from 1")
        if self.strategy == "fixedDelay":
            return self.delay
        if attempt == 1:
            return min(self.minimum, self.maximum)
        # without end of retries the power would overflow
        power = 2.0 ** min(attempt - 2, _LARGEST_EXPONENT)
        return min(self.minimum + power * self.minimum * (0.8 + 0.4 * rand()), self.maximum)


@dataclass(frozen=True, slots=True)
class FunctionSpec:
    """One function of an app.

    directory: absolute path; script_file: absolute path of the module; config: function.json's
    content (v1) or what the admin API shows for a v2 function; concurrency: how many invocations
    may run at once in one host, None for any number; error: why it cannot be used.
    """

    name: str
    directory: str
    script_file: str
    entry_point: str
    bindings: tuple[BindingSpec, ...]
    model: Literal["v1", "v2"] = "v1"
    retry: RetryPolicy | None = None
    disabled: bool = False
    error: str | None = None
    config: Mapping[str, Any] = field(default_factory=dict)
    concurrency: int | None = None

    @property
    def trigger(self) -> BindingSpec | None:
        return next((b for b in self.bindings if b.is_trigger), None)

    @property
    def is_http(self) -> bool:
        trigger = self.trigger
        return trigger is not None and trigger.kind == "httptrigger"

    @property
    def host_bindings(self) -> tuple[BindingSpec, ...]:
        """The bindings whose I/O is the host's: neither the trigger nor an HTTP output."""
        return tuple(b for b in self.bindings if not b.is_trigger and b.kind != "http")


@dataclass(frozen=True, slots=True)
class TriggerEvent:
    """What a listener hands to the executor: one thing that happened.

    value: the trigger's value; metadata: names for binding expressions, which the worker also sees
    (values are str, bytes, int, float, bool, None, or JSON-able); reason and details: for the log.
    """

    value: Data
    metadata: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""
    details: Mapping[str, str] = field(default_factory=dict)
    trace_parent: str = ""


@dataclass(frozen=True, slots=True)
class Invocation:
    """One attempt to run a function: all that the worker needs."""

    id: str
    function: str
    trigger: Data
    metadata: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, Data] = field(default_factory=dict)
    reason: str = ""
    details: Mapping[str, str] = field(default_factory=dict)
    trace_parent: str = ""
    trace_state: str = ""
    retry_count: int = 0
    max_retries: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an invocation ended. `error` is None when it succeeded.

    outputs: value by binding name, `$return` included; stack: the user's traceback as text;
    duration: seconds in the worker; lost: the worker died or never answered; unstarted: it never
    began, since the host stops or has the function no more: what it was for is given back.
    """

    id: str
    outputs: Mapping[str, Data] = field(default_factory=dict)
    error: str | None = None
    stack: str = ""
    duration: float = 0.0
    lost: bool = False
    unstarted: bool = False

    @property
    def ok(self) -> bool:
        return self.error is None


def binding_spec(raw: Mapping[str, Any]) -> BindingSpec:
    """A BindingSpec of one `bindings[]` member; member names are matched whatever their case."""
    known = {"name": "", "type": "", "direction": "in", "datatype": None}
    rest: dict[str, Any] = {}
    for key, value in raw.items():
        if key.lower() in known:
            known[key.lower()] = value
        else:
            rest[key] = value
    direction = str(known["direction"] or "in").lower()
    data_type = known["datatype"]
    return BindingSpec(
        name=str(known["name"] or ""),
        type=str(known["type"] or ""),
        direction=direction,  # type: ignore[arg-type]  # validated by config.functions
        data_type=str(data_type).lower() if data_type else None,
        properties=rest,
    )


def spec_to_wire(spec: FunctionSpec) -> dict[str, Any]:
    """A JSON-able form of a function; `spec_from_wire` is its inverse."""
    retry = spec.retry
    return {
        "name": spec.name,
        "directory": spec.directory,
        "script_file": spec.script_file,
        "entry_point": spec.entry_point,
        "model": spec.model,
        "disabled": spec.disabled,
        "error": spec.error,
        "config": dict(spec.config),
        "concurrency": spec.concurrency,
        "retry": retry
        and [retry.strategy, retry.max_retries, retry.delay, retry.minimum, retry.maximum],
        "bindings": [
            [b.name, b.type, b.direction, b.data_type, dict(b.properties)] for b in spec.bindings
        ],
    }


def spec_from_wire(raw: Mapping[str, Any]) -> FunctionSpec:
    """The function that `spec_to_wire` wrote."""
    bindings: Sequence[Sequence[Any]] = raw["bindings"]
    return FunctionSpec(
        name=raw["name"],
        directory=raw["directory"],
        script_file=raw["script_file"],
        entry_point=raw["entry_point"],
        model=raw["model"],
        disabled=raw["disabled"],
        error=raw["error"],
        config=raw["config"],
        concurrency=raw["concurrency"],
        retry=RetryPolicy(*raw["retry"]) if raw["retry"] else None,
        bindings=tuple(BindingSpec(*b) for b in bindings),
    )
