"""Lists that conditions name: values that mean the same (`aliases`), and values that say nothing (`bypass`).

A list stands in cdp.yaml itself, or in two fields (one for `bypass`) of a source, so that it can be kept elsewhere.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated

import pydantic
from pydantic import AfterValidator, model_validator

from cdp_assets.config.base import NAME, NAME_RULE, RefusedError, Section, Text
from cdp_assets.config.clusters import clusters_of
from cdp_assets.config.problems import Finding, Location, field_places, unknown

if TYPE_CHECKING:
    from cdp_assets.config.customers import Customers, MatchRule
    from cdp_assets.config.dedupe import DedupeRule
    from cdp_assets.config.project import ProjectConfig
    from cdp_assets.config.rule_condition import Condition


def _list_name(name: str) -> str:
    if not NAME.fullmatch(name):
        raise RefusedError("is not a name for a list", allowed=[NAME_RULE])
    return name


ListName = Annotated[str, AfterValidator(_list_name)]


def _pair(values: tuple[str, ...]) -> tuple[str, ...]:
    if len(values) != 2:
        raise RefusedError("is not a pair", allowed=["two values, as in [Contoso, Contoso Group]"])
    return values


Pair = Annotated[tuple[Text, ...], AfterValidator(_pair)]


class AliasList(Section):
    """Pairs of values that mean the same; what is the same as one of a chain is the same as all of it.

    So the order of pairs and of the values in them says nothing, and one that closes a circle changes nothing.
    """

    pairs: Annotated[tuple[Pair, ...], pydantic.Field(min_length=1)] | None = None
    """The pairs, each a list of two values."""
    source: str | None = None
    """Instead of pairs: the source that has them, a pair in each row."""
    value: str | None = None
    """The field with the one value."""
    same_as: str | None = None
    """The field with the other value."""

    @model_validator(mode="after")
    def _one_form(self) -> "AliasList":
        _here_or_elsewhere(self.pairs, "pairs", {"source": self.source, "value": self.value, "same_as": self.same_as})
        return self


class BypassList(Section):
    """Values that are never alike to anything, such as n/a."""

    values: Annotated[tuple[Text, ...], pydantic.Field(min_length=1)] | None = None
    """The values."""
    source: str | None = None
    """Instead of values: the source that has them, one in each row."""
    value: str | None = None
    """The field with the value."""

    @model_validator(mode="after")
    def _one_form(self) -> "BypassList":
        _here_or_elsewhere(self.values, "values", {"source": self.source, "value": self.value})
        return self


def _here_or_elsewhere(here: object, key: str, elsewhere: Mapping[str, str | None]) -> None:
    allowed = [key, f"{{{', '.join(f'{each}: ...' for each in elsewhere)}}}"]
    if here is not None and any(elsewhere.values()):
        raise RefusedError(f"has {key} and a source too; a list has its values in one place", allowed=allowed, certain=True)
    if here is None and not all(elsewhere.values()):
        missing = [name for name, value in elsewhere.items() if not value]
        lacks = "has no values" if len(missing) == len(elsewhere) else f"lacks {' and '.join(missing)}"
        raise RefusedError(lacks, allowed=allowed)


def check(config: "ProjectConfig") -> Iterator[Finding]:
    """What is wrong between lists, the sources that hold them, and the conditions that name them."""
    for entity in (config.customers, config.accounts, config.contacts):
        if entity is None:
            continue
        for part, lists in (("aliases", entity.aliases), ("bypass", entity.bypass)):
            for name, each in lists.items():
                yield from _source(config, (entity.section, part, name), each)
        for at, condition in _conditions(entity):
            for key, part, known in (("alias", "aliases", list(entity.aliases)), ("bypass", "bypass", list(entity.bypass))):
                wanted = getattr(condition, key)
                if wanted is not None and wanted not in known:
                    yield unknown((*at, key), f"list of {part}", wanted, known, (entity.section, part, wanted))


def _conditions(entity: "Customers") -> Iterator[tuple[Location, "Condition"]]:
    rules: list[tuple[Location, DedupeRule | MatchRule]] = [
        *((("dedupe", source, "rules", n), rule) for source, its in entity.dedupe.items() for n, rule in enumerate(its.rules or ())),
        *((("match", n), rule) for n, rule in enumerate(entity.match)),
        *((("clusters", name, "rules", n), rule) for name, its in clusters_of(entity).items() for n, rule in enumerate(its.rules)),
    ]
    for at, rule in rules:
        for part in ("all", "exceptions"):
            for n, condition in enumerate(getattr(rule, part, ())):
                yield (entity.section, *at, part, n), condition


def _source(config: "ProjectConfig", at: Location, each: AliasList | BypassList) -> Iterator[Finding]:
    if each.source is None:
        return
    sources = [name for name, source in config.sources.items() if source.kind == "records"]
    if each.source not in sources:
        yield unknown(
            (*at, "source"), "source of records", each.source, sources, ("sources", each.source), ("sources", each.source, "kind")
        )
        return
    fields = config.sources[each.source].fields
    for key in ("value", "same_as"):
        field = getattr(each, key, None)
        if field is None:
            continue
        if field not in fields:
            yield unknown((*at, key), f"field of {each.source}", field, fields, *field_places(each.source, field))
        elif fields[field].data_type != "varchar":
            message = f"only text is in a list, and {field} is {fields[field].data_type}"
            yield Finding((*at, key), message, lacks=field_places(each.source, field))
