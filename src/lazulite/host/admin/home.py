"""The page at `/`."""

from __future__ import annotations

from lazulite.abc import WebResponse

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Lazulite</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 40rem; margin: 15vh auto; padding: 0 1rem;
       color: #1c2b4a; background: #f6f8fc }
h1 { font-weight: 600 } code { background: #e3e9f5; padding: .1em .3em; border-radius: 3px }
@media (prefers-color-scheme: dark) { body { color: #dbe4f7; background: #10182a }
  code { background: #24304a } }
</style>
</head>
<body>
<h1>Your functions are up and running</h1>
<p>This function app is served by Lazulite.</p>
<p>See what it holds at <code>/admin/functions</code> and how it is at
<code>/admin/host/status</code>.</p>
</body>
</html>
"""


def home_page(disabled: bool) -> WebResponse:
    """The landing page, or 204 where `AzureWebJobsDisableHomepage` is set."""
    if disabled:
        return WebResponse(204)
    return WebResponse(200, {"content-type": "text/html; charset=utf-8"}, _PAGE.encode())
