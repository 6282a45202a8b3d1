"""Message encodings."""

from __future__ import annotations

import asyncio
import uuid
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazulite.abc import Account
from lazulite.config.storage import parse_connection_string
from lazulite.errors import StoreError
from lazulite.stores.azure.account import open_azure
from lazulite.stores.azure.queues import decode, encode


@given(st.binary())
def test_base64_keeps_all_bytes(body: bytes) -> None:
    assert decode(encode(body, "base64", "work"), "base64") == (body, None)


@given(st.text(alphabet=st.characters(min_codepoint=32, exclude_categories=("Cs", "Cn"))))
def test_none_keeps_text(text: str) -> None:
    assert decode(encode(text.encode(), "none", "work"), "none") == (text.encode(), None)


@pytest.mark.parametrize("body", [b"\xff", b"\x00", "\ufffe".encode()])
def test_none_refuses_what_is_no_text(body: bytes) -> None:
    with pytest.raises(StoreError, match="messageEncoding is 'none'"):
        encode(body, "none", "work")


@pytest.mark.parametrize("text", ["plain text", "abc", "ä", '{"a": 1}'])
def test_what_is_not_base64_is_kept_and_marked(text: str) -> None:
    body, problem = decode(text, "base64")
    assert body == text.encode()
    assert problem is not None
    assert "not base64" in problem


@pytest.mark.azurite
def test_a_message_that_cannot_be_decoded_comes_with_the_others(azurite: str) -> None:
    connection = parse_connection_string(azurite)
    queue = f"q{uuid.uuid4().hex}"

    async def main() -> None:
        plain, base64 = open_azure(connection, encoding="none"), open_azure(connection)
        await plain.queues.put(queue, ["<ünencoded & raw>\n".encode()])
        await base64.queues.put(queue, [b"encoded"])
        bad, good = await base64.queues.receive(queue, 32, 60)
        assert (bad.body, good.body) == ("<ünencoded & raw>\n".encode(), b"encoded")
        assert bad.problem is not None
        assert good.problem is None
        (left,) = await plain.queues.receive(queue, 1, 60) or (None,)
        assert left is None
        await base64.queues.delete(queue, [bad])
        assert await base64.queue_admin.length(queue) == 1
        await plain.close()
        await base64.close()

    asyncio.run(main())


@pytest.mark.azurite
def test_a_signature_is_a_credential(azurite: str) -> None:
    from azure.storage.blob import generate_account_sas

    connection = parse_connection_string(azurite)
    name = f"s{uuid.uuid4().hex}"
    sas = generate_account_sas(
        account_name="devstoreaccount1",
        account_key=connection.key or "",
        resource_types="sco",
        permission="rwdlacup",
        expiry=datetime.now(timezone.utc) + timedelta(hours=1),
        services="bqt",
    )
    parts = [part for part in azurite.split(";") if "Endpoint=" in part]
    signed = ";".join([*parts, f"SharedAccessSignature={sas}"])

    async def use(account: Account) -> None:
        await account.queues.put(name, [b"x"])
        assert (await account.queues.receive(name, 1, 60))[0].body == b"x"
        properties = await account.blobs.upload(name, "b", b"x", metadata={})
        assert "sig=" not in properties.uri
        await account.tables.write(name, [{"PartitionKey": "p", "RowKey": "1"}])
        assert len(await account.tables.query(name, "", None)) == 1
        await account.close()

    asyncio.run(use(open_azure(parse_connection_string(signed))))
