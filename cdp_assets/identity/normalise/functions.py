"""The parts of normalisation that are Python, as functions that SQL calls: once for each distinct value, or only for doubtful ones."""

from collections.abc import Callable
from functools import partial

import pyarrow as pa

from cdp_assets.identity.normalise import addresses, letters, names, numerals, organizations, phone
from cdp_assets.lake import Function


def _each(change: Callable[[str], str], values: pa.ChunkedArray) -> pa.Array:
    return pa.array([None if value is None else change(value) for value in values.to_pylist()], pa.string())


def _arabic_digits(values: pa.ChunkedArray) -> pa.Array:
    return _each(numerals.with_digits, values)


def _phone_digits(values: pa.ChunkedArray) -> pa.Array:
    return _each(phone.number_of, values)


def _fold_name(values: pa.ChunkedArray) -> pa.Array:
    return _each(names.fold, values)


def _fold_address(values: pa.ChunkedArray) -> pa.Array:
    return _each(addresses.fold, values)


def _fold_organization(values: pa.ChunkedArray) -> pa.Array:
    return _each(organizations.fold, values)


_text = partial(Function, takes=("VARCHAR",), gives="VARCHAR")

FUNCTIONS = {
    "arabic_digits": _text("arabic_digits", body=_arabic_digits),
    "phone_digits": _text("phone_digits", body=_phone_digits, libraries=("phonenumbers",)),
    "fold_name": _text("fold_name", body=_fold_name, libraries=("nicknames",)),
    "fold_address": _text("fold_address", body=_fold_address),
    "letters_of": Function("letters_of", ("VARCHAR",), "BIGINT", letters.letters),
    "fold_organization": _text("fold_organization", body=_fold_organization, libraries=("cleanco", "anyascii")),
}
"""By the name that SQL calls."""


def functions_in(sql: str) -> tuple[Function, ...]:
    """Those that a statement calls."""
    return tuple(function for name, function in FUNCTIONS.items() if f"{name}(" in sql.lower())
