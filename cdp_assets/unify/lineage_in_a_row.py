"""The lineage of profiles that have at most one record of each source: all that is known of one stands in one row of a join.

Nothing has to be sorted but the profiles: the sources of a field are tried in their order, and the values of a row are then
set under one another.
"""

from collections.abc import Callable, Collection, Mapping, Sequence

from cdp_assets.lake.source import literal, name
from cdp_assets.unify.fields import UnifiedField
from cdp_assets.unify.ranked import FROM_RECORD, origin_columns, rule_of
from cdp_assets.unify.several import SEVERAL


def one_record_a_source(fields: Sequence[UnifiedField], origins: Mapping[str, Collection[str]], enums: Mapping[str, str]) -> str:
    """Rows of PROFILE_LINEAGE of these fields, all by importance, in the order of their key; reads `values_<source>` and SEVERAL.

    `origins`: field -> sources whose winners may show another record's value in it. `enums`: the types of attribute, source, rule.
    """
    sources = list(dict.fromkeys(member.source for field in fields for member in field.members))
    told: dict[str, list[str]] = {}
    for field in sorted(fields, key=lambda field: field.name):
        for column, value in _told(field, origins[field.name], enums).items():
            told.setdefault(column, []).append(value)
    under_one_another = ", ".join(f"unnest([{', '.join(values)}]) as {column}" for column, values in told.items())
    return f"""
        select customer_id, attribute, source, record_key, source_file, source_line, rule, losing_values, losing_records
        from (select customer_id, {under_one_another} from ({_joined(sources, fields, origins)} order by customer_id))
        where attribute is not null
    """


def _joined(sources: Sequence[str], fields: Sequence[UnifiedField], origins: Mapping[str, Collection[str]]) -> str:
    """A row is a profile, with the columns of each source's record under names of ours."""
    parts: list[str] = []
    ids: list[str] = []
    columns: list[str] = []
    for place, source in enumerate(sources):
        wanted = [*FROM_RECORD[1:]]
        for field in fields:
            if any(member.source == source for member in field.members):
                wanted += [field.name, *(origin_columns(field.name) if source in origins[field.name] else ())]
        listing = ", ".join(f"{name(column)} as {_at(source, column)}" for column in wanted)
        one = f"customer_id not in (select customer_id from {name(SEVERAL)})"
        part = f"(select customer_id as id{place}, {listing} from {name(f'values_{source}')} where {one})"
        parts.append(f"full join {part} on {_first(ids)} = id{place}" if ids else f"from {part}")
        ids.append(f"id{place}")
        columns += [_at(source, column) for column in wanted]
    return f"select {_first(ids)} as customer_id, {', '.join(columns)} {' '.join(parts)}"


def _told(field: UnifiedField, shared: Collection[str], enums: Mapping[str, str]) -> dict[str, str]:
    """What PROFILE_LINEAGE says of a field, as values of one row; no attribute where the field has no value."""
    sources = [member.source for member in field.members]
    values = {source: f"cast({_at(source, field.name)} as varchar)" for source in sources}
    shown = _first(values.values())

    def one_of(column: str, value: str) -> str:
        return f"cast({literal(value)} as {enums[column]})"

    def of_winner(value: Callable[[str], str]) -> str:
        *before, last = sources
        whens = "".join(f" when {_at(source, field.name)} is not null then {value(source)}" for source in before)
        return f"case{whens} else {value(last)} end" if before else value(last)

    def record(source: str, place: int) -> str:
        own = _at(source, FROM_RECORD[1 + place])
        return f"coalesce({_at(source, list(origin_columns(field.name))[place])}, {own})" if source in shared else own

    rivals = sources[1:]
    differs = " or ".join(f"{values[source]} <> {shown}" for source in rivals)
    losing = [f"nullif({values[source]}, {shown})" for source in rivals]
    records = [f"case when {values[source]} <> {shown} then {literal(f'{source}|')} || {record(source, 0)} end" for source in rivals]
    return {
        "attribute": f"case when {shown} is not null then {one_of('attribute', field.name)} end",
        "source": of_winner(lambda source: one_of("source", source)),
        "record_key": of_winner(lambda source: record(source, 0)),
        "source_file": of_winner(lambda source: record(source, 1)),
        "source_line": of_winner(lambda source: record(source, 2)),
        "rule": one_of("rule", rule_of(field)),
        "losing_values": _where(differs, f"list_sort(list_distinct([{', '.join(losing)}]))"),
        "losing_records": _where(differs, f"list_sort(list_filter([{', '.join(records)}], lambda x: x is not null))"),
    }


def _where(differs: str, listing: str) -> str:
    """The list where any rival differs, else an empty one."""
    return f"case when {differs} then {listing} else cast([] as varchar[]) end" if differs else "cast([] as varchar[])"


def _first(values: Collection[str]) -> str:
    return f"coalesce({', '.join(values)})"


def _at(source: str, column: str) -> str:
    """The column of a source's record; neither a source nor a field has a space in its name."""
    return name(f"{source} {column}")
