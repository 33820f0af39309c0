"""Pydantic's errors as findings in plain words: where, what was found, what is allowed, the nearest known name."""

import re
import types
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, Tag, ValidationError

from cdp_assets.config.base import RefusedError
from cdp_assets.config.problems import Finding, Location, nearest, shown
from cdp_assets.config.project import ProjectConfig

_TYPES = {
    "string_type": "must be text",
    "bool_type": "must be true or false",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "dict_type": "must be a mapping (key: value)",
    "model_type": "must be a mapping (key: value)",
    "model_attributes_type": "must be a mapping (key: value)",
    "tuple_type": "must be a list",
    "greater_than_equal": "is too small",
    "less_than_equal": "is too large",
    "date_type": "must be a date, such as 2020-01-31",
    "date_parsing": "must be a date, such as 2020-01-31",
    "date_from_datetime_parsing": "must be a date, such as 2020-01-31",
    "date_from_datetime_inexact": "must be a date, such as 2020-01-31",
    "too_short": "must have at least one entry",
    "too_long": "has too many entries",
}
_MISSING: dict[Location, str] = {
    ("version",): 'is missing; this program reads version 1 of the file: begin it with "version: 1"',
}
"""Where more can be said than that something is missing."""
_KINDS_OF_VALUES = frozenset(kind for kind in _TYPES if kind.endswith(("_type", "_parsing")))
_LIMITS = {"ge": "at least", "le": "at most", "max_length": "at most"}


@dataclass(frozen=True)
class Mistake:
    """A finding with pydantic's word for it, and whether it is about the key of an entry and not about its value.

    `most`: how many entries a list may have that has more.
    """

    kind: str
    of_key: bool
    finding: Finding
    most: int | None = None


def mistakes(error: ValidationError, data: Any) -> list[Mistake]:
    """What is wrong with the data, one mistake a cause: a misspelt key is not reported again as a missing one."""
    errors = [dict(item) for item in error.errors(include_url=False)]
    found = _one_a_union([Mistake(*_finding(item, data), most=_most(item)) for item in errors])
    meant = {(*each.finding.at[:-1], each.finding.nearest) for each in found if each.kind == "extra_forbidden"}
    return [each for each in found if each.kind != "counted" and not (each.kind == "missing" and each.finding.at in meant)]


def _most(error: dict[str, Any]) -> int | None:
    most: int | None = error["ctx"]["max_length"] if error["type"] == "too_long" else None
    return most


def _one_a_union(found: list[Mistake]) -> list[Mistake]:
    """The mistakes, with one for a value that is none of several kinds, instead of one for each kind."""
    kept: dict[Any, Mistake] = {}
    for number, each in enumerate(found):
        first = kept.setdefault((each.finding.at, "kinds") if each.kind in _KINDS_OF_VALUES else number, each)
        if first is not each:
            message = f"{first.finding.message} or {each.finding.message.removeprefix('must be ')}"
            kept[each.finding.at, "kinds"] = replace(first, finding=replace(first.finding, message=message))
    return list(kept.values())


def _finding(error: dict[str, Any], data: Any) -> tuple[str, bool, Finding]:
    place, names = _place(error["loc"])
    of_key = error["loc"][-1:] == ("[key]",)
    at = _as_written(place, data)
    kind, value, context = error["type"], error["input"], error.get("ctx", {})
    found = shown(value, at)
    cause = context.get("error")
    if isinstance(cause, RefusedError):
        near = cause.nearest or nearest(value, [each for each in cause.allowed if "such as" not in each])
        # a refusal of a whole mapping is about what its message names
        value_shown = None if isinstance(value, dict) else found
        return kind, of_key, Finding(at, cause.message, value_shown, cause.allowed, near, lacks=() if cause.certain else None)
    if kind == "extra_forbidden":
        return kind, of_key, Finding(at, "unknown key", None, names, nearest(at[-1], names))
    if kind == "missing":
        return kind, of_key, Finding(at, _MISSING.get(at, "is missing"))
    if kind == "union_tag_invalid" and not isinstance(value, dict):
        kind = "model_type"
    if kind in ("literal_error", "union_tag_invalid"):
        if kind == "union_tag_invalid":
            at, value = (*at, "kind"), context.get("tag") if "kind" in value else None
        words = str(context.get("expected", context.get("expected_tags", "")))
        allowed = re.findall(r"'([^']*)'", words) or [words]
        left_out = value is None and kind == "union_tag_invalid"
        said = "is missing" if left_out else "unknown value"
        return kind, of_key, Finding(at, said, None if left_out else shown(value, at), allowed, nearest(value, allowed))
    if kind == "too_short" and value:
        return "counted", of_key, Finding(at, "")  # there are entries, but wrong ones, and these are reported themselves
    limits = [f"{word} {context[name]}" for name, word in _LIMITS.items() if name in context]
    return kind, of_key, Finding(at, _TYPES.get(kind, "cannot be used"), found, limits)


def _place(steps: tuple[str | int, ...]) -> tuple[Location, list[str]]:
    """The place in the document (pydantic names the chosen form of a union too), and the keys known beside it."""
    annotation: Any = ProjectConfig
    at: list[str | int] = []
    names: list[str] = []
    for step in steps:
        forms = {form.tag: kind for kind in _forms(annotation) for form in get_args(kind)[1:] if isinstance(form, Tag)}
        if step in forms:
            annotation = get_args(forms[str(step)])[0]
        elif _is_of_values(annotation):
            break  # the step is the kind of value that pydantic tried
        elif step != "[key]":
            at.append(step)
            annotation, names = _below(annotation, step)
    return tuple(at), names


def _as_written(at: Location, data: Any) -> Location:
    """The place without the steps into a value that was written short, such as a field as its type alone."""
    for depth, step in enumerate(at):
        if not isinstance(data, dict | list):
            return at[:depth]
        data = dict(enumerate(data) if isinstance(data, list) else data).get(step, {})
    return at


def _forms(annotation: Any) -> Iterator[Any]:
    """The members of a union that are Annotated; none for any other annotation."""
    if get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) in (Union, types.UnionType):
        yield from (form for form in get_args(annotation) if get_origin(form) is Annotated)


def _is_of_values(annotation: Any) -> bool:
    """Whether the annotation allows several kinds of plain values, or a text or a list."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    forms = [each for each in get_args(annotation) if each is not types.NoneType]
    tagged = any(isinstance(part, Tag) for form in _forms(annotation) for part in get_args(form))
    return get_origin(annotation) in (Union, types.UnionType) and len(forms) > 1 and not tagged


def _below(annotation: Any, step: str | int) -> tuple[Any, list[str]]:
    """The annotation of an entry, and the keys that the model of that entry knows."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) in (Union, types.UnionType):  # a section that may be left out
        annotation = next(each for each in get_args(annotation) if each is not types.NoneType)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        known = {field.alias or name: field for name, field in annotation.model_fields.items()}
        return known[step].annotation if step in known else None, list(known)
    if get_origin(annotation) is dict:
        return get_args(annotation)[1], []
    if get_origin(annotation) is tuple:
        return get_args(annotation)[0], []
    return None, []
