"""The configuration: who goes before whom, all or none, and from many threads."""

from __future__ import annotations

import dataclasses
import gc
import threading
from typing import TYPE_CHECKING, Any

import pytest

import komparu

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Write

DEFAULTS: dict[str, Any] = {
    "chunk_size": 65536,
    "size_precheck": True,
    "quick_check": True,
    "max_workers": 0,
    "follow_symlinks": True,
    "ignore": None,
    "only": None,
    "one_way": False,
    "moves": False,
    "ignore_case": False,
    "headers": {},
    "timeout": 30.0,
    "follow_redirects": True,
    "verify_ssl": True,
    "proxy": None,
    "auth": None,
    "netrc": False,
    "ca_bundle": None,
    "client_cert": None,
    "allow_private_redirects": False,
    "block_private": False,
    "decode_content": True,
    "comparison_timeout": None,
    "retries": 0,
    "retry_delay": 1.0,
    "max_decompressed_size": 1 << 30,
    "max_compression_ratio": 200,
    "max_archive_entries": 100_000,
    "max_entry_name_length": 4096,
    "hash_compare": False,
    "read_holes": False,
    "detect_changes": "ctime",
    "max_differences": None,
    "on_error": "report",
    "ignore_zeros": False,
    "max_archive_memory": 512 << 20,
    "isolate": "auto",
    "context": 16,
    "where": False,
}

OTHERS: dict[str, Any] = {
    "chunk_size": 1,
    "size_precheck": False,
    "quick_check": False,
    "max_workers": 7,
    "follow_symlinks": False,
    "ignore": ("*.pyc", "!keep.pyc"),
    "only": ("*.py", "/docs/"),
    "one_way": True,
    "moves": True,
    "ignore_case": True,
    "headers": {"X-A": "b", "x-c": "ü"},
    "timeout": 0.25,
    "follow_redirects": False,
    "verify_ssl": False,
    "proxy": "http://user@proxy:1",
    "auth": ("me", "p:w"),
    "netrc": True,
    "ca_bundle": "/etc/ca.pem",
    "client_cert": ("me.pem", "me.key"),
    "allow_private_redirects": True,
    "block_private": True,
    "decode_content": False,
    "comparison_timeout": 3600.0,
    "retries": 3,
    "retry_delay": 0.5,
    "max_decompressed_size": None,
    "max_compression_ratio": 1.5,
    "max_archive_entries": None,
    "max_entry_name_length": 1,
    "hash_compare": True,
    "read_holes": True,
    "detect_changes": "size",
    "max_differences": 5,
    "on_error": "raise",
    "ignore_zeros": True,
    "max_archive_memory": None,
    "isolate": "always",
    "context": 0,
    "where": True,
}


def test_the_defaults_are_those_of_the_contract() -> None:
    assert dataclasses.asdict(komparu.get_config()) == DEFAULTS
    assert dataclasses.asdict(type(komparu.get_config())()) == DEFAULTS


@pytest.mark.thread_unsafe(reason="sets the configuration, which is the process's")
def test_every_option_can_be_configured_and_reset() -> None:
    assert OTHERS.keys() == DEFAULTS.keys()
    for name, value in OTHERS.items():
        komparu.configure(**{name: value})
        assert getattr(komparu.get_config(), name) == value
    assert dataclasses.asdict(komparu.get_config()) == OTHERS
    komparu.configure(**DEFAULTS)
    assert dataclasses.asdict(komparu.get_config()) == DEFAULTS
    komparu.configure(**OTHERS)
    komparu.reset_config()
    assert dataclasses.asdict(komparu.get_config()) == DEFAULTS


@pytest.mark.thread_unsafe(reason="sets the configuration, which is the process's")
def test_a_snapshot_is_frozen_and_stays_what_it_was() -> None:
    before = komparu.get_config()
    komparu.configure(chunk_size=5, headers={"A": "b"})
    assert (before.chunk_size, before.headers) == (65536, {})
    with pytest.raises(dataclasses.FrozenInstanceError):
        before.chunk_size = 1  # type: ignore[misc]
    komparu.get_config().headers["A"] = "changed"
    assert komparu.get_config().headers == {"A": "b"}
    assert isinstance(hash(before), int)


@pytest.mark.parametrize(
    ("bad", "kind"),
    [
        ({"max_workers": 257}, komparu.ConfigError),
        ({"chunk_sise": 1}, komparu.ConfigError),
        ({"quick_check": "no"}, TypeError),
        ({"headers": {"X": "\n"}}, komparu.ConfigError),
    ],
)
def test_all_are_set_or_none(bad: dict[str, Any], kind: type[Exception]) -> None:
    for given in [{"chunk_size": 9, **bad}, {**bad, "chunk_size": 9}]:
        with pytest.raises(kind):
            komparu.configure(**given)
        assert dataclasses.asdict(komparu.get_config()) == DEFAULTS


def test_an_unknown_option_is_named() -> None:
    unknown: dict[str, Any] = {"chunk_sise": 1}
    with pytest.raises(komparu.ConfigError, match=r"^unknown option 'chunk_sise'$"):
        komparu.configure(**unknown)


@pytest.mark.thread_unsafe(reason="sets the configuration, which is the process's")
def test_a_call_goes_before_the_configuration_and_that_before_the_default(
    long_work: tuple[Path, Path],
) -> None:
    # A limit that no comparison of a gigabyte meets shows whose value holds.
    komparu.configure(comparison_timeout=1e-6)
    with pytest.raises(komparu.ComparisonTimeoutError):
        komparu.compare(*long_work)
    with pytest.raises(komparu.ComparisonTimeoutError, match=r"after 0\.001 s"):
        komparu.compare(*long_work, comparison_timeout=1e-3)
    assert komparu.compare(*long_work, comparison_timeout=None) is True
    komparu.reset_config()
    assert komparu.compare(*long_work) is True


@pytest.mark.thread_unsafe(reason="sets the configuration, which is the process's")
def test_many_threads_see_one_configuration_or_another_and_no_mixture(write: Write) -> None:
    a, b = write("a", b"x"), write("b", b"x")
    sets: list[dict[str, Any]] = [
        {"chunk_size": n, "max_workers": n, "timeout": float(n)} for n in (1, 2, 3)
    ]
    mixtures: list[object] = []
    start = threading.Barrier(6)

    def configure(given: dict[str, Any]) -> None:
        start.wait()
        for _ in range(300):
            komparu.configure(**given)

    def look() -> None:
        start.wait()
        for _ in range(300):
            seen = komparu.get_config()
            if (
                not komparu.compare(a, b)
                or len({seen.chunk_size, seen.max_workers, seen.timeout}) > 1
            ):
                mixtures.append(seen)

    komparu.configure(**sets[0])
    threads = [threading.Thread(target=configure, args=[given]) for given in sets]
    threads += [threading.Thread(target=look) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert mixtures == []


@pytest.mark.thread_unsafe(
    reason="sets thresholds of the garbage collector, which is the process's"
)
def test_what_runs_while_an_error_is_raised_may_ask_for_the_configuration() -> None:
    class Asking:
        def __del__(self) -> None:
            asked.append(komparu.get_config().chunk_size)

    asked: list[int] = []
    threshold = gc.get_threshold()
    gc.set_threshold(1, 1, 1)
    try:
        for _ in range(50):
            cycle: list[object] = [Asking()]
            cycle.append(cycle)
            del cycle
            with pytest.raises(komparu.ConfigError):
                komparu.configure(chunk_size=0)
    finally:
        gc.set_threshold(*threshold)
    gc.collect()
    assert asked == [65536] * 50


@pytest.mark.thread_unsafe(reason="sets the configuration, which is the process's")
def test_converting_a_value_may_configure_something_else() -> None:
    class Reentrant:
        def __index__(self) -> int:
            komparu.configure(max_workers=3)
            return 77

    komparu.configure(chunk_size=Reentrant())  # type: ignore[arg-type]
    assert (komparu.get_config().chunk_size, komparu.get_config().max_workers) == (77, 3)
