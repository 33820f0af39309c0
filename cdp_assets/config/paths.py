"""Paths of files that a source reads, as cdp.yaml may write them."""

from cdp_assets.config.base import RefusedError


def files_path(value: str) -> str:
    """The path itself; RefusedError where it is an address, or not relative to the folder of cdp.yaml."""
    if "://" in value:
        raise RefusedError("must be a path on this machine, not an address")
    if value.startswith(("/", "\\", "~")) or value[1:2] == ":":
        raise RefusedError("must be relative to the folder of cdp.yaml (../ is allowed)")
    return value
