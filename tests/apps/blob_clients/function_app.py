"""Parameters of the storage SDK's own types."""

import json
import logging

import azure.functions as func
import azurefunctions.extensions.bindings.blob as blob

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)


@app.route("client/{name}")
@app.blob_input("client", path="samples/{name}", connection="AzureWebJobsStorage")
def client(req: func.HttpRequest, client: blob.BlobClient) -> str:
    return json.dumps([client.container_name, client.blob_name, client.exists()])


@app.route("container")
@app.blob_input("container", path="samples/any", connection="AzureWebJobsStorage")
def container(req: func.HttpRequest, container: blob.ContainerClient) -> str:
    return json.dumps([item.name for item in container.list_blobs()])


@app.route("stream/{name}")
@app.blob_input("stream", path="samples/{name}", connection="AzureWebJobsStorage")
def stream(req: func.HttpRequest, stream: blob.StorageStreamDownloader) -> str:
    return b"".join(stream.chunks()).decode()


@app.blob_trigger("client", path="watched/{name}", connection="AzureWebJobsStorage")
def watched(client: blob.BlobClient) -> None:
    logging.info("watched %s: %s", client.blob_name, client.download_blob().readall())
