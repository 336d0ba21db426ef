"""What the failures of stores' libraries are for a call: the kind, and why, in one line."""

from __future__ import annotations

from komparu._errors import ConfigError

__all__ = ["failure"]

#: Letters of a library's message that are shown.
_SHOWN = 400

#: How libraries show a server's answer: S3's and Azure's are XML.
_CODE = "<Code>([^<]*)</Code>"
_MESSAGE = "<Message>([^<]*)</Message>"
_STATUS = r"status code: (\d{3})"

#: Where messages may show what signs, or a password.
_SHOWS_SECRETS = r"""(?<=[?#])[^\s"'<>]+|(?<=://)[^/\s"'<>]*(?=@)"""


def failure(error: BaseException) -> tuple[str, str]:
    """Tell what kind of failure an exception of a library is, and why, in one line."""
    import re  # noqa: PLC0415

    text = str(error)
    status, code, message = (re.search(it, text) for it in (_STATUS, _CODE, _MESSAGE))
    if code:
        why = f"{code[1]}: {message[1]}" if message and message[1] else code[1]
        why = f"{why} (HTTP {status[1]})" if status else why
    else:
        why = text.split("\n\nDebug source", 1)[0].strip() or type(error).__name__
    why = re.sub(_SHOWS_SECRETS, "***", why)
    why = " ".join(why.split())
    why = f"{why[:_SHOWN]}..." if len(why) > _SHOWN else why
    if isinstance(error, ConfigError):
        return "config", str(error)
    if isinstance(error, FileNotFoundError) or (status and status[1] == "404"):
        return "missing", why
    denied = type(error).__name__ in {"PermissionDeniedError", "UnauthenticatedError"}
    if denied or isinstance(error, PermissionError) or (status and status[1] in {"401", "403"}):
        return "denied", why
    return "failed", why
