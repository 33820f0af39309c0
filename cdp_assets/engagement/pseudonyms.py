"""Pseudonyms of people: HMAC-SHA-256 with a key that is never in the lake, so that nobody can find out by guessing."""

import hashlib
import hmac
import os
import secrets
from collections.abc import Iterable
from pathlib import Path

from cdp_assets.errors import UserError

FILE = "keys/privacy.key"  # in the store
VARIABLE = "CDP_PRIVACY_KEY"
SHORTEST = 16
HEX_DIGITS = 32


def privacy_key(store: Path) -> bytes:
    """The key: from the environment variable CDP_PRIVACY_KEY, else from a file of the store that is made once.

    Another key makes other pseudonyms, and every day is read anew then.
    """
    given = os.environ.get(VARIABLE)
    if given is not None:
        if len(given) < SHORTEST:
            raise UserError(f"The environment variable {VARIABLE} is too short to be a key: at least {SHORTEST} characters.")
        return given.encode()
    file = store / FILE
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        key = file.read_bytes()
        if len(key) < SHORTEST:
            raise UserError(
                f"{file} holds no key. Put back the one that was there, or remove the file: then every day is read anew."
            ) from None
        return key
    key = secrets.token_bytes(32)
    with os.fdopen(handle, "wb") as opened:
        opened.write(key)
    return key


def pseudonym(key: bytes, value: str) -> str:
    """32 hexadecimal digits that stand for a value, the same one each time."""
    return hmac.new(key, value.encode(), hashlib.sha256).hexdigest()[:HEX_DIGITS]


def pseudonyms(key: bytes, values: Iterable[str]) -> dict[str, str]:
    """Value -> pseudonym."""
    return {value: pseudonym(key, value) for value in values}
