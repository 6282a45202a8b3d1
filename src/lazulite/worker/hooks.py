"""Worker extensions: `azure.functions` AppExtensionBase and FuncExtensionBase hooks.

Application hooks come first before the function and last after it. A hook that raises is logged
and passed over; after hooks do not run when the function raised.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from lazulite.worker.context import Context


def _meta() -> Any:
    try:
        from azure.functions.extension import ExtensionMeta
    except ImportError:
        return None
    return ExtensionMeta


def after_load(name: str, directory: str) -> None:
    """Run the hooks of a function that has just been loaded."""
    meta = _meta()
    if meta is None:
        return
    for hooks, kind in (
        (meta.get_application_hooks(), "post_function_load_app_level"),
        (meta.get_function_hooks(name), "post_function_load"),
    ):
        for hook in getattr(hooks, kind, None) or ():
            _run(hook, name, directory)


def hooks_of(name: str) -> Hooks | None:
    """The invocation hooks of a function; None when there are none, which costs nothing."""
    meta = _meta()
    if meta is None:
        return None
    app, own = meta.get_application_hooks(), meta.get_function_hooks(name)
    before = [
        *(getattr(app, "pre_invocation_app_level", None) or ()),
        *(getattr(own, "pre_invocation", None) or ()),
    ]
    after = [
        *(getattr(own, "post_invocation", None) or ()),
        *(getattr(app, "post_invocation_app_level", None) or ()),
    ]
    return Hooks(before, after) if before or after else None


class Hooks:
    """What runs around the invocations of one function."""

    def __init__(self, before: list[Any], after: list[Any]) -> None:
        self._before = before
        self._after = after

    def around(
        self, call: Callable[..., Any], context: Context, arguments: Mapping[str, Any]
    ) -> Any:
        """Call a function between its hooks."""
        self._run_before(context, arguments)
        returned = call(**arguments)
        self._run_after(context, arguments, returned)
        return returned

    async def around_async(
        self, call: Callable[..., Awaitable[Any]], context: Context, arguments: Mapping[str, Any]
    ) -> Any:
        """Await a coroutine function between its hooks."""
        self._run_before(context, arguments)
        returned = await call(**arguments)
        self._run_after(context, arguments, returned)
        return returned

    def _run_before(self, context: Context, arguments: Mapping[str, Any]) -> None:
        for hook in self._before:
            _run(hook, logging.getLogger(), context, arguments)

    def _run_after(self, context: Context, arguments: Mapping[str, Any], returned: Any) -> None:
        for hook in self._after:
            _run(hook, logging.getLogger(), context, arguments, returned)


def _run(hook: Any, *arguments: Any) -> None:
    try:
        hook.ext_impl(*arguments)
    except Exception as error:
        logging.getLogger(f"azure_functions_worker.extension.{hook.ext_name}").error(
            "%s", error, exc_info=True
        )
