"""Run Azure Functions Python apps anywhere.

Importing this package imports nothing else: the worker, which lives in the user's interpreter,
shares it with the host.
"""

__version__ = "0.1.0"
