"""The API key: how it must look and how it travels. Contract: the authentication guide."""

from plextera_async.errors import ConfigurationError

__all__ = ["Secret", "check_api_key"]

_SCHEME = "api-key"


class Secret:
    """A text that never shows itself: not in `repr`, not in `str`, not in a pickle."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return "****"

    def __reduce__(self) -> str:
        raise TypeError("a secret is not pickled: give the API key anew where it is needed")

    def reveal(self) -> str:
        """Give the text, for the one place that has to send it."""
        return self._text


def check_api_key(key: object) -> Secret:
    """Give the value of the Authorization header for a key.

    Raises:
        ConfigurationError: If it is missing or cannot be a key; the message never quotes it.
    """
    if key is None or key == "":
        raise ConfigurationError("no API key: pass api_key= or set PLEXTERA_API_KEY")
    if not isinstance(key, str):
        raise ConfigurationError(f"the API key must be a str, not {type(key).__name__}")
    if key.strip().lower().startswith(f"{_SCHEME} "):
        raise ConfigurationError(
            f"give the API key alone, without the `{_SCHEME} ` in front: the client adds it"
        )
    if " " in key or not (key.isascii() and key.isprintable()):
        raise ConfigurationError(
            "the API key holds a space, a control character or a character outside ASCII: "
            "was a line end or a quote copied with it?"
        )
    return Secret(f"{_SCHEME} {key}")
