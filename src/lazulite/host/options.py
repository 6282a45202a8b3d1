"""What `func start` is asked to do. Imports nothing that a start does not need anyway."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class StartOptions:
    """The options of `func start`; None means: not given, so the app's settings or the default.

    root: absolute path of the app; cors: allowed origins; timeout: seconds to wait for the worker;
    cert, password: PFX or PEM file for HTTPS (self-signed without); functions: run only these;
    json_output: log as JSON lines; json_output_file: write them there; debug: let a debugger
    attach; debug_wait: and wait for it; debug_port: where; python: the app's interpreter;
    listeners: whether triggers fire (without, functions run when called only, and no other command
    finds this host).
    """

    root: str
    port: int | None = None
    address: str | None = None
    cors: tuple[str, ...] | None = None
    cors_credentials: bool | None = None
    timeout: float = 20.0
    use_https: bool = False
    cert: str | None = None
    password: str | None = None
    enable_auth: bool = False
    functions: tuple[str, ...] = ()
    user_log_level: str | None = None
    verbose: bool = False
    json_output: bool = False
    json_output_file: str | None = None
    debug: bool = False
    debug_wait: bool = False
    debug_port: int | None = None
    python: str | None = None
    listeners: bool = True
