"""Arguments that cannot be are refused before anything is opened, in words that name them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import komparu

#: Had anything been opened, the error would be that these are not there.
MISSING = ("/nonexistent/a", "/nonexistent/b")

BAD_VALUES: list[tuple[str, object, str]] = [
    ("chunk_size", 0, "chunk_size must be positive"),
    ("chunk_size", -1, "chunk_size must be positive"),
    ("chunk_size", -(2**100), "chunk_size must be positive"),
    ("chunk_size", (1 << 30) + 1, "chunk_size must be <= 1GB"),
    ("chunk_size", 2**100, "chunk_size must be <= 1GB"),
    ("timeout", 0, "timeout must be positive"),
    ("timeout", -1.5, "timeout must be positive"),
    ("timeout", -(10**400), "timeout must be positive"),
    ("timeout", float("nan"), "timeout must be positive"),
    ("max_workers", -1, "max_workers must be non-negative"),
    ("max_workers", 257, "max_workers must be <= 256"),
    ("max_workers", 2**64, "max_workers must be <= 256"),
    ("comparison_timeout", 0, "comparison_timeout must be positive"),
    ("comparison_timeout", -0.0, "comparison_timeout must be positive"),
    ("comparison_timeout", float("-inf"), "comparison_timeout must be positive"),
    ("headers", {"X\r": "y"}, "header name must not contain CR, LF or NUL"),
    ("headers", {"": "y"}, "header name cannot be empty"),
    ("headers", {"X": "y\n"}, 'value of header "X" must not contain CR, LF or NUL'),
    ("headers", {"X": "\0"}, 'value of header "X" must not contain CR, LF or NUL'),
    ("proxy", "ftp://proxy", "proxy must start with http://, https://, socks5:// or socks5h://"),
    ("detect_changes", "atime", "detect_changes must be 'ctime', 'mtime' or 'size'"),
]

CONFIGURED_ONLY: list[tuple[str, object, str]] = [
    ("max_decompressed_size", 0, "max_decompressed_size must be positive or None"),
    ("max_decompressed_size", -5, "max_decompressed_size must be positive or None"),
    ("max_compression_ratio", 0.0, "max_compression_ratio must be positive or None"),
    ("max_compression_ratio", float("nan"), "max_compression_ratio must be positive or None"),
    ("max_archive_entries", 0, "max_archive_entries must be positive or None"),
    ("max_entry_name_length", -1, "max_entry_name_length must be positive or None"),
]

WRONG_TYPES: list[tuple[str, object, str]] = [
    ("read_holes", 1, "read_holes must be bool, not int"),
    ("detect_changes", b"ctime", "detect_changes must be str, not bytes"),
    ("chunk_size", "1", "chunk_size must be int, not str"),
    ("chunk_size", 1.0, "chunk_size must be int, not float"),
    ("chunk_size", True, "chunk_size must be int, not bool"),
    ("chunk_size", None, "chunk_size must be int, not NoneType"),
    ("max_workers", "2", "max_workers must be int, not str"),
    ("size_precheck", 1, "size_precheck must be bool, not int"),
    ("quick_check", None, "quick_check must be bool, not NoneType"),
    ("follow_redirects", "yes", "follow_redirects must be bool, not str"),
    ("verify_ssl", 0, "verify_ssl must be bool, not int"),
    ("decode_content", 0, "decode_content must be bool, not int"),
    ("timeout", "30", "timeout must be int or float, not str"),
    ("timeout", None, "timeout must be int or float, not NoneType"),
    ("comparison_timeout", True, "comparison_timeout must be int or float, not bool"),
    ("proxy", b"http://proxy", "proxy must be str, not bytes"),
    ("headers", [("X", "y")], "headers must be a mapping of str to str, not list"),
    ("headers", {1: "y"}, "header name must be str, not int"),
    ("headers", {"X": 1}, 'value of header "X" must be str, not int'),
]

KINDS = (
    "str, bytes, os.PathLike, komparu.Source, komparu.Content, komparu.Decompressed"
    " or a binary file object"
)


@pytest.mark.parametrize(("name", "value", "message"), BAD_VALUES)
def test_a_bad_value_is_refused_before_anything_is_opened(
    name: str, value: object, message: str
) -> None:
    given: dict[str, Any] = {name: value}
    with pytest.raises(ValueError) as caught:  # noqa: PT011  # the words are compared whole
        komparu.compare(*MISSING, **given)
    assert type(caught.value) is ValueError
    assert str(caught.value) == message


@pytest.mark.parametrize(("name", "value", "message"), BAD_VALUES + CONFIGURED_ONLY)
def test_a_bad_value_is_never_configured(name: str, value: object, message: str) -> None:
    given: dict[str, Any] = {name: value}
    before = komparu.get_config()
    with pytest.raises(komparu.ConfigError) as caught:
        komparu.configure(**given)
    assert str(caught.value) == message
    assert komparu.get_config() == before


@pytest.mark.parametrize(("name", "value", "message"), WRONG_TYPES)
def test_a_wrong_type_is_refused_before_anything_is_opened(
    name: str, value: object, message: str
) -> None:
    given: dict[str, Any] = {name: value}
    with pytest.raises(TypeError) as caught:
        komparu.compare(*MISSING, **given)
    assert str(caught.value) == message
    with pytest.raises(TypeError) as caught:
        komparu.configure(**given)
    assert str(caught.value) == message


def test_the_limits_themselves_are_allowed(pair: tuple[Path, Path]) -> None:
    for given in (
        {"chunk_size": 1},
        {"chunk_size": 1 << 30},
        {"max_workers": 0},
        {"max_workers": 256},
        {"timeout": 1e-9},
        {"timeout": float("inf")},
        {"comparison_timeout": 1e300},
        {"comparison_timeout": None},
        {"headers": None},
        {"headers": {"X": ""}},
        {"proxy": None},
        {"proxy": "SOCKS5h://localhost"},
    ):
        options: dict[str, Any] = dict(given)
        assert komparu.compare(*pair, **options) is True


@pytest.mark.parametrize(("position", "name"), [(0, "source_a"), (1, "source_b")])
@pytest.mark.parametrize(
    ("source", "kind", "message"),
    [
        ("", ValueError, "{} cannot be empty"),
        (b"", ValueError, "{} cannot be empty"),
        ("a\0b", ValueError, "{} contains a NUL byte"),
        (b"\0", ValueError, "{} contains a NUL byte"),
        ("file:///a%00", ValueError, "{} contains a NUL byte"),
        ("file://", ValueError, "{}: file URL without a path"),
        ("ftp://host/a", komparu.ConfigError, "unsupported URL scheme 'ftp'"),
        (
            "S3://bucket/a",
            komparu.ConfigError,
            "unsupported URL scheme 's3': s3:// is a tree, for compare_trees",
        ),
        (b"data://x", komparu.ConfigError, "unsupported URL scheme 'data'"),
        ("file://host/a", komparu.ConfigError, "{}: file URL of another host, 'host'"),
        (
            None,
            TypeError,
            f"{{}} must be {KINDS}, not NoneType",
        ),
        (
            1,
            TypeError,
            f"{{}} must be {KINDS}, not int",
        ),
        (
            bytearray(b"a"),
            TypeError,
            f"{{}} must be {KINDS}, not bytearray",
        ),
    ],
)
def test_what_is_no_source_is_refused_before_anything_is_opened(
    position: int, name: str, source: object, kind: type[Exception], message: str
) -> None:
    arguments: list[Any] = list(MISSING)
    arguments[position] = source
    with pytest.raises(kind) as caught:
        komparu.compare(*arguments)
    assert type(caught.value) is kind
    assert str(caught.value) == message.format(name)


def test_text_that_is_no_name_is_a_value_error() -> None:
    sources: list[str | Path] = ["\ud800", Path("a\ud800")]
    for source in sources:
        with pytest.raises(ValueError, match="surrogates not allowed"):
            komparu.compare(source, source)


def test_a_mapping_that_lies_about_its_length_is_read_all_the_same(
    pair: tuple[Path, Path],
) -> None:
    class Boastful(dict[str, str]):
        def __len__(self) -> int:
            return 1 << 44

    assert komparu.compare(*pair, headers=Boastful(X="y"), timeout=10**400)


def test_an_option_of_another_function_is_unexpected_whatever_its_value() -> None:
    with pytest.raises(TypeError, match=r"compare\(\) got an unexpected keyword argument 'ignore'"):
        komparu.compare(*MISSING, ignore=7)  # type: ignore[call-arg]


def test_an_unknown_option_is_a_type_error() -> None:
    given: dict[str, Any] = {"chunk_sise": 1}
    with pytest.raises(TypeError, match="unexpected keyword argument 'chunk_sise'"):
        komparu.compare(*MISSING, **given)
    for name in ["follow_symlinks", "hash_compare", "ignore_zeros", "block_private", "ignore"]:
        other: dict[str, Any] = {name: True}
        with pytest.raises(TypeError):
            komparu.compare(*MISSING, **other)


def test_options_have_names() -> None:
    arguments: list[Any] = [*MISSING, 65_536]
    with pytest.raises(TypeError, match="positional"):
        komparu.compare(*arguments)


@pytest.mark.parametrize(("name", "value", "message"), [
    *[row for row in BAD_VALUES if row[0] in {"timeout", "headers", "proxy"}],
    ("url", "", "Source.url cannot be empty"),
    ("url", "a\0", "Source.url contains a NUL byte"),
])  # fmt: skip
def test_a_source_refuses_what_cannot_be(name: str, value: object, message: str) -> None:
    given: dict[str, Any] = {"url": "a", name: value}
    with pytest.raises(ValueError) as caught:  # noqa: PT011  # the words are compared whole
        komparu.Source(**given)
    assert str(caught.value) == message


@pytest.mark.parametrize(("name", "value", "message"), [
    *[row for row in WRONG_TYPES if row[0] in {"headers", "proxy", "verify_ssl"}],
    ("timeout", "1", "timeout must be int or float, not str"),
    ("url", None, "Source.url must be str, bytes or os.PathLike, not NoneType"),
    ("url", 5, "Source.url must be str, bytes or os.PathLike, not int"),
])  # fmt: skip
def test_a_source_refuses_wrong_types(name: str, value: object, message: str) -> None:
    given: dict[str, Any] = {"url": "a", name: value}
    with pytest.raises(TypeError) as caught:
        komparu.Source(**given)
    assert str(caught.value) == message


def test_what_fspath_raises_or_returns_is_not_hidden() -> None:
    class Broken:
        def __fspath__(self) -> str:
            raise RuntimeError("no path today")

    class Odd:
        def __fspath__(self) -> str:
            return 7  # type: ignore[return-value]

    with pytest.raises(RuntimeError, match="no path today"):
        komparu.compare(Broken(), "b")
    with pytest.raises(TypeError, match=r"__fspath__\(\) must return str or bytes, not int"):
        komparu.compare(Odd(), "b")
