from __future__ import annotations

import importlib
import logging
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from unittest import mock

import pytest

from lazulite.errors import FunctionError, UsageError
from lazulite.testing import open_app
from lazulite.testing.imports import forget
from tests.testing.conftest import APPS, KIT

HEAD = "import azure.functions as func\napp = func.FunctionApp()\n"


def make_app(folder: Path, code: str, **files: str) -> Path:
    folder.mkdir()
    (folder / "host.json").write_text('{"version": "2.0"}')
    (folder / "function_app.py").write_text(HEAD + code)
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)
    return folder


def answering(text: str) -> str:
    return f"@app.route('say')\ndef say(req: func.HttpRequest) -> str:\n    return {text}\n"


def state() -> tuple[object, ...]:
    modules = {n for n in sys.modules if n.startswith(("__app__", "function_app", "helper"))}
    root = logging.getLogger()
    return (
        modules,
        list(sys.path),
        {**os.environ, "PYTEST_CURRENT_TEST": ""},
        os.getcwd(),
        list(root.handlers),
        root.level,
        threading.Thread.start,
        ThreadPoolExecutor.submit,
    )


def test_the_process_is_afterwards_as_it_was() -> None:
    with open_app(KIT):  # what is imported once stays
        pass
    before, threads = state(), set(threading.enumerate())

    with open_app(KIT, settings={"KIT_SETTING": "x"}) as client:
        client.post("/api/order", data="x")
        assert state() != before
        assert state()[2:4] == before[2:4]
        assert client.get("/api/setting").text == "x"
        assert client.get("/api/where").text == str(KIT)

    assert state() == before
    left = [t for t in set(threading.enumerate()) - threads if t.name.startswith("lazulite-store")]
    assert left == []


def test_two_apps_with_modules_of_the_same_names(tmp_path: Path) -> None:
    code = "import shared\n" + answering("shared.TEXT")
    one = make_app(tmp_path / "one", code, shared="TEXT = 'one'")
    two = make_app(tmp_path / "two", code, shared="TEXT = 'two'")

    for app, text in ((one, "one"), (two, "two"), (one, "one")):
        with open_app(app) as client:
            assert client.get("/api/say").text == text


def test_one_app_open_while_another_is(tmp_path: Path) -> None:
    one = make_app(tmp_path / "one", answering("'one'"))
    two = make_app(tmp_path / "two", answering("'two'"))

    with open_app(one) as first, open_app(two) as second:
        assert (first.get("/api/say").text, second.get("/api/say").text) == ("one", "two")


READS = (
    "import os\n"
    "@app.route('read')\n"
    "def read(req: func.HttpRequest) -> str:\n"
    "    return os.environ.get('SET', 'none')\n"
    "@app.route('write')\n"
    "def write(req: func.HttpRequest) -> str:\n"
    "    os.environ['SET'] = req.params['v']\n"
    "    return ''\n"
)


def test_each_app_has_its_own_settings(tmp_path: Path) -> None:
    app = make_app(tmp_path / "app", READS)

    with open_app(app, settings={"SET": "1"}) as one, open_app(app, settings={"SET": "2"}) as two:
        assert [c.get("/api/read").text for c in (one, two, one)] == ["1", "2", "1"]
        assert "SET" not in os.environ


def test_variables_that_the_app_sets_are_its_own(tmp_path: Path) -> None:
    with open_app(make_app(tmp_path / "app", READS)) as client:
        client.get("/api/write?v=mine")
        assert "SET" not in os.environ
        assert client.get("/api/read").text == "mine"


@pytest.mark.parametrize("settings", [{}, {"SET": "as it is"}])
@pytest.mark.parametrize("undo_first", [False, True])
@pytest.mark.parametrize("patch_first", [False, True])
def test_a_patched_variable_meets_the_app_and_nothing_of_it_stays(
    tmp_path: Path, settings: dict[str, str], undo_first: bool, patch_first: bool
) -> None:
    app, patch = make_app(tmp_path / "app", READS), pytest.MonkeyPatch()
    if patch_first:
        patch.setenv("SET", "patched")
    client = open_app(app, settings=settings)
    if not patch_first:
        patch.setenv("SET", "patched")
    wanted = settings["SET"] if settings and patch_first else "patched"
    assert client.get("/api/read").text == wanted

    for end in (patch.undo, client.close) if undo_first else (client.close, patch.undo):
        end()
    assert "SET" not in os.environ


def test_the_apps_modules_are_new_for_each_client(tmp_path: Path) -> None:
    code = "count = []\n" + answering("str(count.append(1) or len(count))")
    app = make_app(tmp_path / "app", code)

    for _ in range(2):
        with open_app(app) as client:
            assert client.get("/api/say").text == "1"


def test_a_patch_meets_the_app(tmp_path: Path) -> None:
    app = make_app(
        tmp_path / "app", "import shared\n" + answering("shared.text()"), shared="text = str"
    )

    with open_app(app) as client, mock.patch("shared.text", return_value="patched"):
        assert client.get("/api/say").text == "patched"


def test_modules_that_the_test_imported_are_the_apps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app(
        tmp_path / "app", "import mine\n" + answering("mine.text"), mine="text = 'as it is'"
    )
    monkeypatch.syspath_prepend(str(app))
    import mine  # type: ignore[import-not-found]

    monkeypatch.setattr(mine, "text", "patched")
    with open_app(app) as client:
        assert client.get("/api/say").text == "patched"
    with open_app(app, fresh=True) as client:
        assert client.get("/api/say").text == "as it is"
    assert sys.modules.pop("mine") is mine


def test_a_script_that_the_test_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = make_app(tmp_path / "app", "text = 'as it is'\n" + answering("text"))
    monkeypatch.syspath_prepend(str(app))
    import function_app  # type: ignore[import-not-found]

    monkeypatch.setattr(function_app, "text", "patched")
    for _ in range(2):
        with open_app(app) as client:
            assert client.get("/api/say").text == "patched"
    with open_app(app, fresh=True) as client:
        assert client.get("/api/say").text == "as it is"
    assert sys.modules.pop("function_app") is function_app


def test_extensions_end_with_their_app(tmp_path: Path) -> None:
    code = (
        "class Extension(func.AppExtensionBase):\n"
        "    @classmethod\n"
        "    def init(cls):\n"
        "        pass\n"
        "    @classmethod\n"
        "    def pre_invocation_app_level(cls, logger, context, func_args={}, *a, **k):\n"
        "        logger.info('before %s', context.function_name)\n"
    )
    with open_app(make_app(tmp_path / "one", code + answering("'one'"))) as client:
        client.get("/api/say")
        assert client.invocations[0].messages == ["before say"]
    with open_app(make_app(tmp_path / "two", answering("'two'"))) as client:
        client.get("/api/say")
        assert client.invocations[0].messages == []


def test_an_app_that_cannot_be_loaded(tmp_path: Path) -> None:
    app = make_app(tmp_path / "app", "1 / 0\n")
    before = state()

    with pytest.raises(FunctionError, match=r"(?s)function_app\.py.*ZeroDivisionError"):
        open_app(app)
    assert state() == before


def test_functions_in_error_are_told(tmp_path: Path) -> None:
    wrong = "@app.route('x')\ndef wrong(req, more) -> str:\n    return ''\n"
    app = make_app(tmp_path / "app", answering("'here'") + wrong)

    threads = set(threading.enumerate())
    with pytest.raises(FunctionError, match=r"(?s)'wrong' function is in error.*more"):
        open_app(app, auth=True)
    for thread in set(threading.enumerate()) - threads:
        thread.join(10)
        assert not thread.is_alive(), thread
    with open_app(app, allow_errors=True) as client:
        assert client.get("/api/say").text == "here"
        assert client.functions["wrong"].error


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no folder"):
        open_app(tmp_path / "none")


def test_the_nearest_app_is_found() -> None:
    with open_app(APPS / "kit" / ".") as client:
        assert client.root == str(KIT)


def test_close_twice() -> None:
    client = open_app(KIT)
    client.close()
    client.close()


@pytest.mark.parametrize("loaded", [False, True], ids=["alone", "beside another extension"])
def test_an_extension_that_an_app_imports_is_not_the_next_apps(
    loaded: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [n for n in sys.modules if n.startswith("azurefunctions.extensions.")]:
        monkeypatch.delitem(sys.modules, name)
    base = importlib.import_module("azurefunctions.extensions.base") if loaded else None
    plain = make_app(
        tmp_path / "plain", "@app.route('say')\ndef say(req): return req.params['x']\n"
    )
    for _ in range(2):
        with open_app(APPS / "streaming") as client:
            assert client.get("/api/value/dict").json() == {"a": [1]}
            assert client.post("/api/echo/a", content=[b"b"]).text == "a:B"
        with open_app(plain) as client:
            assert client.get("/api/say?x=1").text == "1"
    if base is not None:
        assert not base.ResponseTrackerMeta.check_type(str)
        forget([n for n in sys.modules if n.startswith("azurefunctions.extensions.")])
