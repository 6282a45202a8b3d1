"""Which failures are final, and how a test learns of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lazulite.errors import FunctionError, FunctionTimeout, UsageError
from lazulite.model import FunctionSpec
from lazulite.testing.records import Invocation
from lazulite.testing.tracebacks import as_seen

__tracebackhide__ = True


def final_failures(invocations: Sequence[Invocation]) -> list[Invocation]:
    """The last attempts of what failed and was not mended: a retry, or the same message received
    again, may have succeeded since."""
    last: dict[tuple[str, str], Invocation] = {}
    for record in invocations:
        last[record.function, record.details.get("MessageId") or record.id] = record
    return [record for record in last.values() if record.error is not None]


def raise_first(invocations: Sequence[Invocation]) -> None:
    """Raise the error of the first final failure, with a note of which function it was."""
    failed = final_failures(invocations)
    if not failed:
        return
    error = failed[0].error
    assert error is not None
    others = ", ".join(dict.fromkeys(record.function for record in failed[1:]))
    text = f"in function '{failed[0].function}', {failed[0].reason}"
    if others:
        text += f" (failed too: {others})"
    if hasattr(error, "add_note") and text not in getattr(error, "__notes__", ()):
        error.add_note(text)
    raise as_seen(error)


def refuse_errors(
    root: str, functions: Mapping[str, FunctionSpec], stacks: Mapping[str, str] | None
) -> None:
    """Raise FunctionError when an app has no functions, or some that cannot be used: a test that
    never runs one would not tell."""
    if not functions:
        raise FunctionError(
            f"There are no functions in {root}.",
            hint="Name the app's folder, or open it with allow_errors=True.",
        )
    told = []
    for name, spec in functions.items():
        if spec.error:
            stack = (stacks or {}).get(name, "")
            told.append(f"The '{name}' function is in error: {spec.error}\n{stack}".rstrip())
    if told:
        raise FunctionError(
            "\n".join(told),
            hint="Mend them, or open the app with allow_errors=True to test the others.",
        )


def refuse_unknown(names: Sequence[str], functions: Mapping[str, FunctionSpec]) -> None:
    """Raise UsageError when functions that were asked for are not there."""
    there = {name.lower() for name in functions}
    for name in names:
        if name.lower() not in there:
            raise UsageError(
                f"The app has no function '{name}'.",
                hint="`client.functions` has all when the app is opened without functions=.",
            )


def called_by_url(name: str) -> UsageError:
    """That an HTTP function cannot be run by its name."""
    return UsageError(
        f"Function '{name}' is called by its URL.", hint="Use get, post ... with its route."
    )


def overdue(what: str, patience: float) -> FunctionTimeout:
    """That something took longer than a test waits."""
    return FunctionTimeout(f"{what} within {patience:g} s; patience=... gives it longer.")
