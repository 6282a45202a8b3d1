"""Which failures are final, and how a test learns of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lazulite.errors import FunctionError
from lazulite.model import FunctionSpec
from lazulite.testing.records import Invocation


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
    if hasattr(error, "add_note"):
        error.add_note(text)
    raise error


def refuse_errors(functions: Mapping[str, FunctionSpec], stacks: Mapping[str, str] | None) -> None:
    """Raise FunctionError when functions cannot be used: a test that never runs one would not
    tell."""
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
