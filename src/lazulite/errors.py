"""The one error tree.

LazuliteError                    anything that ends with a message instead of a traceback
├── ConfigError                  a file or setting is wrong; carries where and how to mend it
│   ├── FileSyntaxError          a JSON file cannot be parsed
│   ├── FunctionError            one function cannot be used; the others go on
│   │   └── BindingError         one of its bindings is wrong
│   └── SettingError             an app setting or connection is missing or malformed
├── ExpressionError              a binding expression, schedule or time span is wrong
├── StoreError                   a store failed
│   ├── StoreUnavailable         it cannot be reached now: worth another try
│   ├── NotFound                 the queue, blob, container, table or entity is not there
│   ├── Conflict                 it is there already, or changed since it was read
│   └── AccessDenied             the credential is refused
├── InvocationError              the user's function (or its bindings) failed
│   └── FunctionTimeout          it has not ended in the time it was given
├── WorkerError                  a worker cannot be started
├── BuildError                   the app's packages cannot be installed for the target
│   └── NativeBuildError         one has no wheel for it; exit code 4, as the original's
└── UsageError                   a command was called in a way it cannot serve
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Where:
    """A place an error is about: file, line and column (1-based), function, binding."""

    file: str | None = None
    line: int | None = None
    column: int | None = None
    function: str | None = None
    binding: str | None = None

    def __str__(self) -> str:
        place = self.file or ""
        if self.line is not None:
            place += f":{self.line}"
            if self.column is not None:
                place += f":{self.column}"
        parts = [place] if place else []
        if self.function:
            parts.append(f"function '{self.function}'")
        if self.binding:
            parts.append(f"binding '{self.binding}'")
        return ", ".join(parts)


class LazuliteError(Exception):
    """Base of every error that is shown to a user.

    message: what is wrong; where: the place; hint: what to do about it.
    """

    exit_code = 1

    def __init__(self, message: str, *, where: Where | None = None, hint: str | None = None):
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        text = self.message
        if self.where and str(self.where):
            text = f"{self.where}: {text}"
        if self.hint:
            text = f"{text}\n  {self.hint}"
        return text


class ConfigError(LazuliteError): ...


class FileSyntaxError(ConfigError): ...


class FunctionError(ConfigError): ...


class BindingError(FunctionError): ...


class SettingError(ConfigError): ...


class ExpressionError(LazuliteError): ...


class StoreError(LazuliteError): ...


class StoreUnavailable(StoreError): ...


class NotFound(StoreError): ...


class Conflict(StoreError): ...


class AccessDenied(StoreError): ...


class InvocationError(LazuliteError):
    """A failed invocation; `stack` is the user's traceback as text, empty when there is none."""

    def __init__(self, message: str, *, stack: str = "", where: Where | None = None):
        super().__init__(message, where=where)
        self.stack = stack


class FunctionTimeout(InvocationError): ...


class WorkerError(LazuliteError): ...


class BuildError(LazuliteError): ...


class NativeBuildError(BuildError):
    exit_code = 4


class UsageError(LazuliteError): ...
