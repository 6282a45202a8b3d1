from __future__ import annotations

import base64
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazulite.config.storage import (
    DEVELOPMENT_KEY,
    SERVICES,
    Identity,
    parse_connection_string,
    storage_connection,
)
from lazulite.errors import SettingError

KEY = base64.b64encode(b"some key").decode()
NAMES = st.from_regex(r"[a-z0-9]{3,24}", fullmatch=True)


@given(
    NAMES,
    st.binary(min_size=1, max_size=64),
    st.sampled_from(["http", "https"]),
    st.sampled_from(["core.windows.net", "core.chinacloudapi.cn"]),
    st.permutations(range(4)),
    st.booleans(),
)
def test_account_and_key(
    account: str, secret: bytes, protocol: str, suffix: str, order: list[int], upper: bool
) -> None:
    key = base64.b64encode(secret).decode()
    parts = [
        f"DefaultEndpointsProtocol={protocol}",
        f"AccountName={account}",
        f"AccountKey={key}",
        f"EndpointSuffix={suffix}",
    ]
    parts = [parts[i] for i in order]
    if upper:
        parts = [p.partition("=")[0].upper() + "=" + p.partition("=")[2] for p in parts]
    text = ";".join(parts) + ";" * upper
    found = parse_connection_string(text)
    assert (found.account, found.key, found.sas, found.identity) == (account, key, None, None)
    assert not found.development
    for service in SERVICES:
        assert found.endpoint(service) == f"{protocol}://{account}.{service}.{suffix}"


@given(st.text())
def test_any_text_is_a_connection_or_an_error(text: str) -> None:
    with suppress(SettingError):
        parse_connection_string(text)


@pytest.mark.parametrize("text", ["UseDevelopmentStorage=true", "usedevelopmentstorage=TRUE;"])
def test_the_emulator(text: str) -> None:
    found = parse_connection_string(text)
    assert found.development
    assert found.key == DEVELOPMENT_KEY
    assert found.endpoint("blob") == "http://127.0.0.1:10000/devstoreaccount1"
    assert found.endpoint("queue") == "http://127.0.0.1:10001/devstoreaccount1"
    assert found.endpoint("table") == "http://127.0.0.1:10002/devstoreaccount1"


def test_the_emulator_elsewhere() -> None:
    found = parse_connection_string(
        "UseDevelopmentStorage=true;DevelopmentStorageProxyUri=http://azurite"
    )
    assert found.endpoint("queue") == "http://azurite:10001/devstoreaccount1"


def test_explicit_endpoints() -> None:
    found = parse_connection_string(
        f"AccountName=dev;AccountKey={KEY};BlobEndpoint=http://localhost:9/dev/;"
    )
    assert found.endpoint("blob") == "http://localhost:9/dev"
    assert found.endpoint("queue") == "https://dev.queue.core.windows.net"


def test_a_signature() -> None:
    found = parse_connection_string(
        "BlobEndpoint=https://acct.blob.core.windows.net/;SharedAccessSignature=?sv=1&sig=a%3D"
    )
    assert (found.account, found.key, found.sas) == ("acct", None, "sv=1&sig=a%3D")
    with pytest.raises(SettingError, match="has no queue endpoint"):
        found.endpoint("queue")


def test_secrets_are_not_shown() -> None:
    assert KEY not in repr(parse_connection_string(f"AccountName=dev;AccountKey={KEY}"))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (" ;", "it is empty"),
        ("s3cret", "part 1 is not of the form Name=value"),
        ("AccountName=a;=s3cret", "part 2 has no name before '='"),
        ("AccountName=a;accountname=b", "accountname is given twice"),
        (f"AccountKey={KEY}", "it has an AccountKey but no AccountName"),
        ("AccountName=a", "it has neither an AccountKey nor a SharedAccessSignature"),
        ("AccountName=a;AccountKey=s3cret!", "AccountKey is not base64 text"),
        ("SharedAccessSignature=s3cret", "it has neither an AccountName nor an endpoint"),
        (f"AccountName=a;AccountKey={KEY};QueueEndpoint=s3cret", "QueueEndpoint must be a URL"),
        (f"AccountName=a;AccountKey={KEY};DefaultEndpointsProtocol=ftp", "must be http or https"),
    ],
)
def test_malformed(text: str, reason: str) -> None:
    with pytest.raises(SettingError) as caught:
        storage_connection("X", {"X": text}, function="Fn", binding="msg")
    error = caught.value
    assert error.message.startswith("The connection string in 'X' is malformed: ")
    assert reason in error.message
    assert str(error.where) == "function 'Fn', binding 'msg'"
    assert "s3cret" not in str(error)


def test_an_identity() -> None:
    found = storage_connection(
        "X",
        {
            "X__accountName": "acct",
            "X__credential": "managedidentity",
            "X__clientId": "id",
            "X__queueServiceUri": "https://other.queue.core.windows.net/",
        },
    )
    assert found.identity == Identity("managedidentity", "id")
    assert found.endpoint("blob") == "https://acct.blob.core.windows.net"
    assert found.endpoint("queue") == "https://other.queue.core.windows.net"


def test_an_identity_by_address_only() -> None:
    found = storage_connection("X", {"X__blobServiceUri": "https://acct.blob.core.windows.net"})
    assert found.account == "acct"
    assert found.identity == Identity()
    with pytest.raises(SettingError) as caught:
        found.endpoint("table")
    assert "X__tableServiceUri" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"X__clientId": "a"}, "The connection 'X' names no storage account."),
        ({"X__accountName": "a", "X__credential": "magic"}, "'magic' is no credential that"),
        ({"X__blobServiceUri": "acct"}, "X__blobServiceUri must be a URL"),
    ],
)
def test_wrong_identities(section: dict[str, str], message: str) -> None:
    with pytest.raises(SettingError) as caught:
        storage_connection("X", section)
    assert message in caught.value.message
