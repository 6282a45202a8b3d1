from __future__ import annotations

import asyncio
import json
import os
import stat
from pathlib import Path

import pytest

from lazulite.errors import Conflict, SettingError
from lazulite.host.keyring import KeyRing
from lazulite.host.keys import Documents, Keys
from lazulite.host.secret_files import SecretFiles
from lazulite.stores.embedded.account import open_embedded
from lazulite.web.keys import KeyTable
from tests.web.keyform import kind_of

PLACE = "azure-webjobs-secrets/site/host.json"


@pytest.fixture(params=["files", "state"])
def documents(request: pytest.FixtureRequest, tmp_path: Path) -> Documents:
    if request.param == "files":
        return SecretFiles(str(tmp_path / "secrets"))
    return open_embedded(str(tmp_path / "store")).state


def keys_of(documents: Documents, told: list[KeyTable] | None = None) -> Keys:
    return Keys(documents, "Site", told.append if told is not None else lambda table: None)


def test_documents_are_written_whole_and_over_what_was_read(documents: Documents) -> None:
    async def main() -> None:
        assert await documents.read(PLACE) is None
        first = await documents.write(PLACE, b"1", create=True)
        with pytest.raises(Conflict):
            await documents.write(PLACE, b"2", create=True)
        second = await documents.write(PLACE, b"2", version=first)
        with pytest.raises(Conflict):
            await documents.write(PLACE, b"3", version=first)
        found = await documents.read(PLACE)
        assert found is not None
        assert (found.body, found.version) == (b"2", second)
        await documents.delete(PLACE)
        await documents.delete(PLACE)
        assert await documents.read(PLACE) is None
        with pytest.raises(Conflict):
            await documents.write(PLACE, b"4", version=second)

    asyncio.run(main())


def test_missing_keys_are_made_once(documents: Documents) -> None:
    async def main() -> None:
        table = await keys_of(documents).load(["One", "two"])
        assert kind_of(table.master) == "master"
        assert kind_of(table.host["default"]) == "function"
        assert set(table.functions) == {"one", "two"}
        assert table.system == {}
        assert await keys_of(documents).load(["one", "TWO"]) == table

    asyncio.run(main())


def test_two_hosts_that_start_together_have_the_same_keys(documents: Documents) -> None:
    async def main() -> None:
        tables = await asyncio.gather(*(keys_of(documents).load(["f"]) for _ in range(5)))
        assert all(table == tables[0] for table in tables)

    asyncio.run(main())


def test_changes_are_told_and_kept(documents: Documents) -> None:
    told: list[KeyTable] = []

    async def main() -> None:
        keys = keys_of(documents, told)
        await keys.load(["f"])
        assert (await keys.set_host("functionkeys", "a", "1")).created
        assert not (await keys.set_host("functionkeys", "a", "2")).created
        assert (await keys.set_function("F", "b", None)).created
        made = await keys.system("blobs_extension")
        assert await keys.system("blobs_extension") == made
        assert await keys.delete_host("functionkeys", "default")
        assert not await keys.delete_host("functionkeys", "default")
        assert not await keys.delete_function("f", "nothing")
        assert len(told) == 5
        assert told[-1] == await keys_of(documents).load(["f"])
        assert dict(told[-1].host) == {"a": "2"}

    asyncio.run(main())


def test_a_change_over_another_hosts_change_is_refused_then_works(documents: Documents) -> None:
    async def main() -> None:
        ours, theirs = keys_of(documents), keys_of(documents)
        await ours.load([])
        await theirs.load([])
        await theirs.set_host("functionkeys", "their", "1")
        with pytest.raises(Conflict):
            await ours.set_host("functionkeys", "our", "2")
        await ours.set_host("functionkeys", "our", "2")
        assert {"their", "our"} <= set((await theirs_anew(documents)).host)

    asyncio.run(main())


async def theirs_anew(documents: Documents) -> KeyTable:
    return await keys_of(documents).load([])


def test_what_cannot_be_read_is_set_aside(tmp_path: Path) -> None:
    (tmp_path / "host.json").write_text("{nonsense")
    asyncio.run(keys_of(SecretFiles(str(tmp_path))).load([]))
    (aside,) = tmp_path.glob("host.snapshot.*.json")
    assert aside.read_text() == "{nonsense"
    assert json.loads((tmp_path / "host.json").read_text())["masterKey"]["value"]


def test_a_byte_order_mark_is_read_over(tmp_path: Path) -> None:
    (tmp_path / "host.json").write_bytes(b'\xef\xbb\xbf{"masterKey": "m", "functionKey": "f"}')
    table = asyncio.run(keys_of(SecretFiles(str(tmp_path))).load([]))
    assert table.master == "m"


def test_files_are_private(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    asyncio.run(keys_of(SecretFiles(str(folder))).load(["f"]))
    assert stat.S_IMODE(os.stat(folder).st_mode) == 0o700
    assert stat.S_IMODE(os.stat(folder / "f.json").st_mode) == 0o600
    assert {p.name for p in folder.iterdir()} == {".gitignore", "f.json", "host.json"}


def test_a_folder_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingError, match="FUNCTIONS_SECRETS_PATH"):
        asyncio.run(keys_of(SecretFiles(str(tmp_path / "file" / "below"))).load([]))


def test_the_ring(tmp_path: Path) -> None:
    told: list[KeyTable] = []

    async def main() -> None:
        documents = SecretFiles(str(tmp_path))
        ring = KeyRing(keys_of(documents, told), True, lambda: ["f"], lambda: ["blobs"])
        table = await ring.table()
        assert table is not None
        assert set(table.system) == {"blobs_extension"}
        count = len(told)
        assert not await ring.reread()
        assert len(told) == count

    asyncio.run(main())


def test_the_ring_looks_for_new_keys_once_a_minute(tmp_path: Path) -> None:
    told: list[KeyTable] = []

    async def main() -> None:
        documents = SecretFiles(str(tmp_path))
        ring = KeyRing(keys_of(documents, told), True, lambda: ["f"], list)
        await ring.table()
        (tmp_path / "f.json").write_text('{"key": "by hand"}')
        assert await ring.reread()
        assert told[-1].functions == {"f": {"default": "by hand"}}
        (tmp_path / "f.json").write_text('{"key": "again"}')
        assert not await ring.reread()

    asyncio.run(main())


def test_where_keys_are_not_asked_for_none_are_made(tmp_path: Path) -> None:
    async def main() -> None:
        ring = KeyRing(keys_of(SecretFiles(str(tmp_path / "s"))), False, lambda: ["f"], list)
        assert await ring.table() is None
        assert not await ring.reread()

    asyncio.run(main())
    assert not (tmp_path / "s").exists()
