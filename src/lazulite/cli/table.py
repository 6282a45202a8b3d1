"""The verbs of `func`: where each lives and its line in `func --help`.

The help lines are here so that listing the verbs imports none of them.
"""

from __future__ import annotations

# verb -> (module that holds `command`, one line of help)
VERBS: dict[str, tuple[str, str]] = {
    "init": ("lazulite.cli.init", "Create a function app in a new or an existing folder."),
    "new": ("lazulite.cli.new", "Add a function to the app from a template."),
    "templates": ("lazulite.cli.templates_list", "List the templates of `func new`."),
    "start": ("lazulite.cli.start", "Run the app here (also: func host start)."),
    "invoke": ("lazulite.cli.invoke", "Call one function and see what it does."),
    "settings": ("lazulite.cli.settings", "Show and change the app settings of this machine."),
    "keys": ("lazulite.cli.keys", "List and change the keys that callers need."),
    "storage": ("lazulite.cli.storage", "Look into queues, blobs and tables, and fill them."),
    "pack": ("lazulite.cli.pack", "Put the app and its packages into a zip file."),
    "doctor": ("lazulite.cli.doctor", "Check the app and say how to mend what is wrong."),
    "completion": ("lazulite.cli.completion", "Print the completion script of a shell."),
}

# what people type -> what it is called here
ALIASES: dict[tuple[str, ...], tuple[str, ...]] = {
    ("host", "start"): ("start",),
    ("function", "new"): ("new",),
    ("function", "create"): ("new",),
    ("create",): ("new",),
    ("run",): ("invoke",),
}

# commands of Azure Functions Core Tools that are not here -> why, and what to use
NOT_OFFERED: dict[str, str] = {
    "azure": "`func azure` deploys to Azure, which this version does not do: build the archive "
    "with `func pack` and deploy it with `az functionapp deployment source config-zip`.",
    "azurecontainerapps": "`func azurecontainerapps` deploys to Azure Container Apps, which this "
    "version does not do: build an image with the Dockerfile of `func init --docker` and deploy it "
    "with `az containerapp`.",
    "bundles": "There are no extension bundles to manage: the bindings come with Lazulite, and the "
    "`extensionBundle` section of host.json is left for Azure.",
    "durable": "Durable Functions are not run by this version; with an app in Azure use its "
    "management API or the original `func durable`.",
    "extensions": "There are no .NET extensions to install: the bindings come with Lazulite; "
    "`func templates list` shows what is offered.",
    "function": "`func function` has one command here: `func function new` (or just `func new`).",
    "host": "`func host` has one command here: `func host start` (or just `func start`).",
    "kubernetes": "`func kubernetes` writes manifests for a cluster, which this version does not "
    "do: build an image with the Dockerfile of `func init --docker` and deploy it with KEDA.",
}
