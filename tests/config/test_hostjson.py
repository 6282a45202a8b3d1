from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lazulite.config.hostjson import HostConfig, HttpOptions, SingletonOptions, load_host_config
from lazulite.errors import ConfigError, FileSyntaxError
from lazulite.model import RetryPolicy


def load(folder: Path, members: str, **environ: str) -> HostConfig:
    (folder / "host.json").write_text('{"version": "2.0"' + members + "}")
    return load_host_config(folder, environ)


def test_defaults_without_a_file(tmp_path: Path) -> None:
    host = load_host_config(tmp_path, {})
    assert host.file == ""
    assert host.function_timeout == 1800
    assert host.functions is None
    assert host.http == HttpOptions()
    assert (host.http.route_prefix, host.http.max_outstanding_requests) == ("api", -1)
    assert host.watch_directories == ("node_modules",)
    assert host.watch_files == ("host.json", "function.json", "proxies.json")
    assert host.extension("queues") == {}
    assert not (tmp_path / "host.json").exists()


def test_all_sections(tmp_path: Path) -> None:
    host = load(
        tmp_path,
        """,
        // all of them
        "FunctionTimeout": "00:05:00", functions: ["A", "b"], "watchFiles": ["my.cfg"],
        "watchDirectories": ["shared"], "telemetryMode": "opentelemetry",
        "retry": {"strategy": "fixedDelay", "maxRetryCount": 2, "delayInterval": "00:00:10"},
        "extensionBundle": {"id": "Some.Bundle", "version": "[4.*, 5.0.0)"},
        "singleton": {"lockPeriod": "00:00:30"},
        "healthMonitor": {"enabled": false, "counterThreshold": 0.5},
        "aggregator": {"batchSize": 10, "flushTimeout": "00:00:01"},
        "concurrency": {"CPUThreshold": 0.9, "maximumFunctionConcurrency": -1},
        "logging": {
          "fileLoggingMode": "ALWAYS",
          "logLevel": {"default": "Error", "Function.A": "Debug"},
          "console": {"isEnabled": "true", "logLevel": {"Host": "Trace"}},
          "applicationInsights": {"samplingSettings": {"isEnabled": true}},
        },
        "extensions": {
          "HTTP": {
            "routePrefix": "v1", "customHeaders": {"X-Frame-Options": "DENY"},
            "hsts": {"isEnabled": true, "maxAge": "10", "preload": true},
          },
          "queues": {"batchSize": 4},
        }""",
    )
    assert host.file == str(tmp_path / "host.json")
    assert host.function_timeout == 300
    assert host.functions == ("A", "b")
    assert host.allows("B")
    assert not host.allows("c")
    assert host.watch_files[-1] == "my.cfg"
    assert host.watch_directories == ("node_modules", "shared")
    assert host.telemetry_mode == "OpenTelemetry"
    assert host.retry == RetryPolicy("fixedDelay", 2, delay=10)
    assert host.extension_bundle is not None
    assert host.extension_bundle.version == "[4.*, 5.0.0)"
    assert host.singleton == SingletonOptions(lock_period=30)
    assert host.health_monitor.counter_threshold == 0.5
    assert not host.health_monitor.enabled
    assert (host.aggregator.batch_size, host.aggregator.flush_timeout) == (10, 1)
    assert host.concurrency.cpu_threshold == 0.9
    assert host.logging.file_logging_mode == "always"
    assert host.logging.console_enabled is True
    assert host.logging.levels.find("Function.A.User") == 10
    assert host.logging.console_levels.find("Host.Startup") == 5
    assert host.logging.console_levels.find("x") == 40
    assert host.logging.application_insights["samplingSettings"] == {"isEnabled": True}
    assert host.http.route_prefix == "v1"
    assert host.http.custom_headers == {"X-Frame-Options": "DENY"}
    assert host.http.hsts.max_age == 864000
    assert host.http.hsts.preload
    assert host.extension("Queues")["BATCHSIZE"] == 4


@pytest.mark.parametrize(
    ("text", "seconds"),
    [('"-1"', None), ("-1", None), ('"-1.00:00:00"', None), ('"01:00:00"', 3600)],
)
def test_function_timeout(tmp_path: Path, text: str, seconds: float | None) -> None:
    assert load(tmp_path, f', "functionTimeout": {text}').function_timeout == seconds


def test_variables_win(tmp_path: Path) -> None:
    host = load(
        tmp_path,
        ', "extensions": {"http": {"routePrefix": "file", "maxConcurrentRequests": 3}}',
        AzureFunctionsJobHost__Extensions__Http__RoutePrefix="env",
        AzureFunctionsJobHost__functions__0="A",
        AzureFunctionsJobHost__functions__1="B",
        azurefunctionsjobhost__logging__logLevel__Function="Debug",
        AzureFunctionsJobHost__SequentialRestart="true",
    )
    assert host.http.route_prefix == "env"
    assert host.http.max_concurrent_requests == 3
    assert host.functions == ("A", "B")
    assert host.logging.levels.find("Function.x") == 10


def test_a_variable_replaces_one_member_of_a_list(tmp_path: Path) -> None:
    host = load(tmp_path, ', "functions": ["a", "b"]', AzureFunctionsJobHost__functions__1="c")
    assert host.functions == ("a", "c")


def test_a_list_in_variables_keeps_its_order(tmp_path: Path) -> None:
    names = [f"fn{i}" for i in range(12)]
    environ = {f"AzureFunctionsJobHost__functions__{i}": n for i, n in enumerate(names)}
    assert load(tmp_path, ', "functions": "x"', **environ).functions == tuple(names)


def test_variables_without_a_file(tmp_path: Path) -> None:
    environ = {"AzureFunctionsJobHost__functionTimeout": "00:00:07"}
    assert load_host_config(tmp_path, environ).function_timeout == 7


@pytest.mark.parametrize(
    ("content", "place", "message"),
    [
        ("{}", ":1:1", "The host.json file is missing the required 'version' property."),
        (
            '{\n "version": "1.0"}',
            ":2:13",
            "'1.0' is an invalid value for host.json 'version' property. "
            "We recommend you set the 'version' property to '2.0'.",
        ),
        ("[1]", ":1:1", "Unable to parse host configuration file '"),
    ],
)
def test_version_errors(tmp_path: Path, content: str, place: str, message: str) -> None:
    file = tmp_path / "host.json"
    file.write_text(content)
    with pytest.raises(ConfigError) as caught:
        load_host_config(tmp_path, {})
    assert str(caught.value.where) == f"{file}{place}"
    assert caught.value.message.startswith(message)


def test_bad_json(tmp_path: Path) -> None:
    file = tmp_path / "host.json"
    file.write_text('{\n "version": 2.0"\n}')
    with pytest.raises(FileSyntaxError) as caught:
        load_host_config(tmp_path, {})
    assert str(caught.value).startswith(
        f"{file}:2:16: Unable to parse host configuration file '{file}'. "
    )


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ('"functionTimeout": "soon"', "'functionTimeout': 'soon' is not a time span."),
        ('"functionTimeout": "00:00:00.5"', "FunctionTimeout must be greater than 00:00:01"),
        ('"functions": "A"', "'functions' must be a list of function names."),
        ('"extensions": 3', "'extensions' must be an object."),
        (
            '"extensions": {"http": {"maxOutstandingRequests": -2}}',
            "'extensions.http.maxOutstandingRequests' must be a whole number, at least -1, not -2.",
        ),
        (
            '"singleton": {"lockPeriod": "00:02:00"}',
            "'singleton.lockPeriod' must be a time span (hh:mm:ss) from 00:00:15 to 00:01:00, "
            "not '00:02:00'.",
        ),
        ('"singleton": {"lockPeriod": 20}', "'singleton.lockPeriod' must be a time span"),
        (
            '"logging": {"fileLoggingMode": "often"}',
            "'logging.fileLoggingMode' must be one of never, always, debugOnly, not 'often'.",
        ),
        ('"logging": {"logLevel": {"A.B": "x"}}', "'logging.logLevel.A.B' must be one of Trace"),
        ('"healthMonitor": {"enabled": "maybe"}', "must be true or false, not 'maybe'."),
        ('"concurrency": {"CPUThreshold": 2}', "'concurrency.CPUThreshold' must be a number from"),
        ('"extensionBundle": {"id": "a"}', "'extensionBundle' needs 'version', a text."),
        ('"retry": {"strategy": "fixedDelay"}', "The retry policy needs 'maxRetryCount'."),
        ('"watchFiles": [[]]', "'watchFiles' must be a list of texts"),
    ],
)
def test_wrong_members(tmp_path: Path, members: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, f",\n {members}")
    assert caught.value.message.startswith(message) or message in caught.value.message
    assert caught.value.where is not None
    assert caught.value.where.line == 2


def test_a_wrong_variable_is_named(tmp_path: Path) -> None:
    name = "AzureFunctionsJobHost__extensions__http__maxConcurrentRequests"
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, "", **{name: "some"})
    assert str(caught.value).startswith(f"environment variable {name}: ")


@pytest.mark.parametrize(
    "make",
    [
        lambda: SingletonOptions(lock_period=61),
        lambda: HttpOptions(max_outstanding_requests=-2),
    ],
)
def test_ranges_hold_at_construction(make: Any) -> None:
    with pytest.raises(ConfigError, match="must be a"):
        make()
