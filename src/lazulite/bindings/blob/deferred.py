"""SDK-type bindings: the host tells which blob is meant, and the extension package
(azurefunctions-extensions-bindings-blob) makes a client of that in the worker."""

from __future__ import annotations

import json
from collections.abc import Mapping

from lazulite.abc import Account
from lazulite.config.connections import DEFAULT_CONNECTION, find_connection
from lazulite.errors import SettingError, Where
from lazulite.expr.blobpath import split_blob_path
from lazulite.model import BindingSpec, Data, FunctionSpec


def is_deferred(binding: BindingSpec) -> bool:
    """Whether the parameter is annotated with a type of the SDK, as the worker reported."""
    properties = binding.get("properties")
    if not isinstance(properties, Mapping):
        return False
    flag = next((v for k, v in properties.items() if k.lower() == "supportsdeferredbinding"), False)
    return flag is True or str(flag).lower() == "true"


def reference(connection: str, container: str, name: str, settings: Mapping[str, str]) -> Data:
    """What the extension's converter makes a client of.

    connection: as the binding has it; the extension gets the name of the setting that it means.
    """
    found = find_connection(connection, settings)
    content = {
        "Connection": found.setting if found else connection or DEFAULT_CONNECTION,
        "ContainerName": container,
        "BlobName": name,
    }
    return Data(
        "model_binding_data",
        {
            "version": "1.0",
            "source": "AzureStorageBlobs",
            "content_type": "application/json",
            "content": json.dumps(content),
        },
    )


def split_reference(text: str) -> tuple[str, str]:
    """Container and blob of a path, which may name a container alone. Raises ExpressionError."""
    if "/" in text.rstrip("/"):
        return split_blob_path(text)
    container, _ = split_blob_path(f"{text.rstrip('/')}/x")
    return container, ""


def need_endpoint(account: Account, function: FunctionSpec, binding: BindingSpec) -> None:
    """Raises SettingError when the account has no endpoint that the SDK could speak with."""
    if account.kind != "embedded":
        return
    connection = binding.connection or DEFAULT_CONNECTION
    raise SettingError(
        f"The parameter '{binding.name}' is a client of the storage SDK, which needs a storage "
        "account; the embedded store that serves here has no endpoint for it.",
        where=Where(function=function.name, binding=binding.name),
        hint=f"Run Azurite and set {connection} to UseDevelopmentStorage=true, or set it to the "
        "connection string of an Azure Storage account. func.InputStream works without either.",
    )
