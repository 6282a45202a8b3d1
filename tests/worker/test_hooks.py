"""Worker extensions: which hooks run, in which order, and what their failures do."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import azure.functions as func
import pytest
from azure.functions.extension import ExtensionMeta

from lazulite.worker import hooks
from lazulite.worker.call import Call
from lazulite.worker.context import Context


@pytest.fixture(autouse=True)
def no_extensions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ExtensionMeta, "_func_exts", {})
    monkeypatch.setattr(ExtensionMeta, "_app_exts", None)
    monkeypatch.setattr(ExtensionMeta, "_info", {})
    monkeypatch.setenv("AzureWebJobsScriptRoot", "/app")


def register(seen: list[Any], fails: bool = False) -> None:
    class ForApp(func.AppExtensionBase):
        @classmethod
        def init(cls) -> None: ...

        @classmethod
        def post_function_load_app_level(
            cls, function_name: str, function_directory: str, *args: Any, **kwargs: Any
        ) -> None:
            seen.append(("app load", function_name, function_directory))

        @classmethod
        def pre_invocation_app_level(
            cls, logger: Any, context: Any, func_args: Any = None, *args: Any, **kwargs: Any
        ) -> None:
            seen.append(("app pre", context.invocation_id, dict(func_args or {})))
            if fails:
                raise ValueError("hook fails")

        @classmethod
        def post_invocation_app_level(  # type: ignore[override]
            cls, logger: Any, context: Any, func_args: Any, func_ret: Any, *a: Any, **k: Any
        ) -> None:
            seen.append(("app post", func_ret))

    class ForFunction(func.FuncExtensionBase):
        def __init__(self, file_path: str) -> None:
            super().__init__(file_path)

        def pre_invocation(self, logger: Any, context: Any, func_args: Any, *a: Any) -> None:  # type: ignore[override]
            seen.append(("func pre", type(logger).__name__))

        def post_invocation(self, logger: Any, context: Any, args: Any, ret: Any, *a: Any) -> None:  # type: ignore[override]
            seen.append(("func post", ret))

    ForFunction("/app/one/__init__.py")


def test_the_order_of_hooks() -> None:
    seen: list[Any] = []
    register(seen)
    hooks.after_load("one", "/app/one")
    around = hooks.hooks_of("one")
    assert around is not None
    context = Context(Call("one", "id-1"), "one", "/app/one")

    def run(req: int) -> str:
        seen.append("run")
        return "done"

    returned = around.around(run, context, {"req": 1})
    assert returned == "done"
    assert seen == [
        ("app load", "one", "/app/one"),
        ("app pre", "id-1", {"req": 1}),
        ("func pre", "RootLogger"),
        "run",
        ("func post", "done"),
        ("app post", "done"),
    ]


def test_hooks_surround_coroutines_and_other_functions_have_the_app_s_only() -> None:
    seen: list[Any] = []
    register(seen)
    around = hooks.hooks_of("two")
    assert around is not None

    async def run() -> str:
        return "done"

    context = Context(Call("two", "id-2"), "two", "/app/two")
    assert asyncio.run(around.around_async(run, context, {})) == "done"
    assert seen == [("app pre", "id-2", {}), ("app post", "done")]


def test_a_failing_hook_is_logged_and_passed_over(caplog: pytest.LogCaptureFixture) -> None:
    seen: list[Any] = []
    register(seen, fails=True)
    around = hooks.hooks_of("one")
    assert around is not None
    context = Context(Call("one", "id-3"), "one", "/app/one")
    with caplog.at_level(logging.ERROR):
        assert around.around(lambda: 5, context, {}) == 5
    assert "hook fails" in caplog.text
    assert caplog.records[0].name == "azure_functions_worker.extension.ForApp"


def test_no_hooks_after_a_function_that_raised() -> None:
    seen: list[Any] = []
    register(seen)
    around = hooks.hooks_of("one")
    assert around is not None
    with pytest.raises(ZeroDivisionError):
        around.around(lambda: 1 / 0, Context(Call("one", "i"), "one", "/app/one"), {})
    assert [entry[0] for entry in seen] == ["app pre", "func pre"]


def test_without_extensions_there_is_nothing_around() -> None:
    assert hooks.hooks_of("one") is None
