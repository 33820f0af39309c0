"""The values that the rules of all segments ask about, one row a customer or contact and one column a value."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import pyarrow as pa
from sqlglot import exp

from cdp_assets.config import ProjectConfig
from cdp_assets.config.segments import segments_of
from cdp_assets.config.subjects import Subject, resolve
from cdp_assets.lake import Column, Stage, Table, by
from cdp_assets.lake.nasty import keys, nasty_rows

PROFILES = {"customers": ("unified_profiles", "customer_id"), "contacts": ("contact_profiles", "contact_id")}
"""The table of whom a segment is made of, and its key."""


@dataclass(frozen=True)
class Origin:
    """Where values of a kind come from: rows of `table` with this `key`; `limit` is a column and what must be in it."""

    table: str
    key: str
    limit: tuple[str, str] | None = None


def subjects_of(config: ProjectConfig, entity: str) -> dict[str, tuple[str, Subject]]:
    """What the conditions of all segments of an entity ask about -> the column of the values, and the subject."""
    asked = [condition.what for segment in segments_of(config, entity).values() for condition in segment.conditions]
    return {what: (f"v{number}", resolve(config, entity, what)) for number, what in enumerate(dict.fromkeys(asked))}


def origin_of(subject: Subject) -> Origin | None:
    """Where the values of a subject come from beside the profile; None: from the profile itself."""
    match subject.kind:
        case "clv":
            return Origin("clv_scores", "customer_id", ("model", subject.name))
        case "measure":
            return Origin("customer_measures", "customer_id")
        case "consent":
            return Origin("consents", "customer_id", ("purpose", subject.name))
        case "account":
            return Origin("account_profiles", "account_id")
        case "engagement":
            return Origin("account_engagement", "account_id", ("aggregation_level", "year"))
        case _:
            return None


def values_stages(config: ProjectConfig, entity: str) -> list[Stage]:
    """The values; the last stage is called `<entity>_values` and has the columns member_id, v0, v1, ...

    Contacts meet first what is known of their customer, then what is known of their account.
    """
    table, key = PROFILES[entity]
    subjects = subjects_of(config, entity)
    own = {column: subject for column, subject in subjects.values() if origin_of(subject) is None}
    of_customer = {c: s for c, s in subjects.values() if (origin := origin_of(s)) and origin.key == "customer_id"}
    of_account = {c: s for c, s in subjects.values() if (origin := origin_of(s)) and origin.key == "account_id"}
    last = f"{entity}_values"
    if entity == "customers":
        return [_joined(last, (table, key, "customer_id"), own, of_customer, [])]
    first = f"{entity}_own_values"
    return [
        _joined(first, (table, key, "customer_id"), own, of_customer, ["account_id"]),
        _joined(last, (first, "member_id", "account_id"), own | of_customer, of_account, []),
    ]


def _joined(name: str, base: tuple[str, str, str], own: Mapping[str, Subject], others: Mapping[str, Subject], kept: list[str]) -> Stage:
    """The rows of a table with columns of their own and of other tables beside them; `base`: table, its key, what joins."""
    table, member, key = base
    first = table in {profiles for profiles, _ in PROFILES.values()}
    query = exp.select(exp.column(member, "base").as_("member_id"), *(exp.column(column, "base") for column in kept))
    for column, subject in own.items():
        query = query.select(exp.column(subject.column if first else column, "base", quoted=True).as_(column))
    query = query.from_(exp.to_table(table).as_("base"))
    origins: dict[Origin, list[tuple[str, Subject]]] = {}
    for column, subject in others.items():
        origin = origin_of(subject)
        assert origin is not None
        origins.setdefault(origin, []).append((column, subject))
    for number, (origin, asked) in enumerate(origins.items()):
        alias = f"o{number}"
        rows = exp.select(exp.column(origin.key).as_("k"), *(exp.column(s.column, quoted=True).as_(c) for c, s in asked)).from_(
            origin.table
        )
        if origin.limit:
            rows = rows.where(exp.column(origin.limit[0], quoted=True).eq(exp.Literal.string(origin.limit[1])))
        query = query.join(rows.subquery(alias), on=exp.column("k", alias).eq(exp.column(key, "base")), join_type="left")
        query = query.select(*(exp.column(c, alias) for c, _ in asked))
    columns = [Column("member_id", "varchar", "whose values they are"), *(Column(c, "varchar", "what joins") for c in kept)]
    columns += [Column(column, subject.data_type, f"value of {subject.column}") for column, subject in (*own.items(), *others.items())]
    reads = {table: by(key), **{origin.table: by(origin.key) for origin in origins}}
    its = {subject.column if first else column: subject.data_type for column, subject in own.items()}
    return Stage(
        name,
        reads,
        query,
        Table(name, f"intermediate rows of {name}", (), tuple(columns)),
        nasty=partial(_nasty, (table, member, key), {**its, **dict.fromkeys(kept, "varchar")}, origins),
    )


def _nasty(base: tuple[str, str, str], own: Mapping[str, str], origins: Mapping[Origin, list[tuple[str, Subject]]]) -> dict[str, pa.Table]:
    """Members with and without a customer or account, and rows of other predictions and purposes that are not theirs."""
    table, member, key = base
    types = {member: "varchar", **own, key: "varchar"}
    joins: dict[str, Any] = {member: keys()} if member == key else {member: keys(), key: ["k01", "k02", None, "k03", "k02"]}
    found = {table: nasty_rows([Column(n, kind, "sample") for n, kind in types.items()], joins)}
    for origin in origins:
        needed = {origin.key: "varchar"}
        values: dict[str, Any] = {origin.key: keys(20)}
        for same, asked in origins.items():
            if same.table == origin.table:
                needed |= {subject.column: subject.data_type for _, subject in asked}
                if same.limit:
                    needed |= {same.limit[0]: "varchar"}
                    values.setdefault(same.limit[0], []).extend([same.limit[1]] * 20)
        rows = max(20, *(len(each) for each in values.values()))
        found[origin.table] = nasty_rows([Column(n, kind, "sample") for n, kind in needed.items()], values, rows=rows)
    return found
