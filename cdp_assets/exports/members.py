"""Who of an export's segments may be sent, before anything is: each selected member in exactly one state.

The first that holds: suppressed (the export asks for a consent, and the member has not given it), no_contact (a Dynamics
export, and no id of a contact is known), else deliverable. Where a customer has several records in the source of the
contact id, the smallest id as text is taken, so that it is the same one in every run.
"""

from collections.abc import Mapping, Sequence

import pyarrow as pa

from cdp_assets.config import ProjectConfig
from cdp_assets.config.exports import ID_OF, Export, contact_id_of, entity_of
from cdp_assets.lake import Stage, anyhow, by, intermediate
from cdp_assets.lake.source import literal, name

DELIVERABLE, SUPPRESSED, NO_CONTACT = "deliverable", "suppressed", "no_contact"
KEYS_OF = {"customers": "alternate_keys", "contacts": "contact_keys"}
"""The table that leads from a record to the customer or contact."""
OPEN = "left_on is null"
"""Of segment_membership: who is a member now."""

_SELECTED = intermediate("selected", "segment | varchar | segment\nmember_id | varchar | member", ("segment", "member_id"))
_AGREED = intermediate("agreed", "member_id | varchar | who has consented", ("member_id",))
_IDS = intermediate("ids", "member_id | varchar | member\ntarget_id | varchar | one of its ids at the destination")
_TARGETS = intermediate("targets", "member_id | varchar | member\ntarget_id | varchar | its smallest id", ("member_id",))
PLANNED = intermediate(
    "planned",
    """
    segment   | varchar | segment
    member_id | varchar | member
    state     | varchar | deliverable, suppressed or no_contact
    reason    | varchar | why it cannot be sent
    target_id | varchar | id at the destination
    """,
    ("segment", "member_id"),
)


def stages(config: ProjectConfig, export: Export) -> list[Stage]:
    """From memberships, consents and keys to `planned`. Reads the tables that `reads_of` names."""
    entity = entity_of(config, export)
    parts = [_selected(export)]
    if export.consent is not None:
        parts.append(_agreed(entity, export.consent))
    if (reference := contact_id_of(config, export)) is not None:
        parts += [_ids(config, entity, reference), _targets()]
    return [*parts, _planned(export, [stage.name for stage in parts])]


def reads_of(config: ProjectConfig, export: Export) -> list[str]:
    """The names of the tables that the stages read."""
    return sorted({each for stage in stages(config, export) for each in stage.reads} - {"selected", "agreed", "ids", "targets"})


def _selected(export: Export) -> Stage:
    segments = ", ".join(map(literal, export.segments))
    return Stage(
        "selected",
        {"segment_membership": by("member_id")},
        f"select distinct segment, member_id from segment_membership where {OPEN} and segment in ({segments})",
        _SELECTED,
        nasty=lambda: {"segment_membership": _rows("segment member_id left_on", [(s, m, None) for s in export.segments for m in "abcabz"])},
    )


def _agreed(entity: str, purpose: str) -> Stage:
    given = "given and purpose = $purpose"

    def answers() -> pa.Table:
        consents = _rows("customer_id purpose", [(m, p) for m in "abcde" for p in (purpose, "else")])
        return consents.append_column("given", pa.array([True, False] * 5))

    if entity == "customers":
        return Stage(
            "agreed",
            {"consents": by("customer_id")},
            f"select customer_id as member_id from consents where {given}",
            _AGREED,
            params={"purpose": purpose},
            nasty=lambda: {"consents": answers()},
        )
    return Stage(
        "agreed",
        {"contact_profiles": by("customer_id", nulls="drop"), "consents": by("customer_id")},
        f"select contact_id as member_id from contact_profiles join consents using (customer_id) where {given}",
        _AGREED,
        params={"purpose": purpose},
        nasty=lambda: {
            "contact_profiles": _rows("contact_id customer_id", [("k", "a"), ("l", "a"), ("m", "b"), ("n", None), ("o", "z")]),
            "consents": answers(),
        },
    )


def _ids(config: ProjectConfig, entity: str, reference: str) -> Stage:
    """Every id that a member has in the source of the contact id; one of the primary key, or of another field."""
    source, _, field = reference.partition(".")
    keys, member = KEYS_OF[entity], ID_OF[entity]

    def known() -> pa.Table:
        return _rows(f"source record_key {member}", [(s, f"{m}{n}", m) for s in (source, "other") for m in "abc" for n in range(3)])

    if field == config.sources[source].primary_key:  # type: ignore[union-attr]
        return Stage(
            "ids",
            {keys: anyhow()},
            f"select {member} as member_id, record_key as target_id from {keys} where source = {literal(source)}",
            _IDS,
            nasty=lambda: {keys: known()},
        )
    records = f"deduplicated_{source}"
    value = f"cast({name(field)} as varchar)"
    return Stage(
        "ids",
        {keys: by("record_key"), records: by("record_key")},
        f"select {member} as member_id, {value} as target_id from {keys} join {name(records)} using (record_key) "
        f"where source = {literal(source)} and trim({value}) <> ''",
        _IDS,
        nasty=lambda: {
            keys: known(),
            records: _rows(f"record_key {field}", [(f"{m}{n}", v) for m in "abz" for n, v in enumerate(["9", "8", None])]),
        },
    )


def _targets() -> Stage:
    return Stage(
        "targets",
        {"ids": by("member_id")},
        "select member_id, min(target_id) as target_id from ids group by member_id",
        _TARGETS,
        nasty=lambda: {"ids": _rows("member_id target_id", [(m, t) for m in "abc" for t in ("9", "10", "2")])},
    )


def _planned(export: Export, made: Sequence[str]) -> Stage:
    agreed, targets = "agreed" in made, "targets" in made
    cases = [
        *([f"when agreed.member_id is null then '{SUPPRESSED}'"] if agreed else []),
        *([f"when targets.target_id is null then '{NO_CONTACT}'"] if targets else []),
    ]
    state = f"case {' '.join(cases)} else '{DELIVERABLE}' end" if cases else f"'{DELIVERABLE}'"
    reads = ["selected", *(["agreed"] if agreed else []), *(["targets"] if targets else [])]
    joins = " ".join(f"left join {each} using (member_id)" for each in reads[1:])
    body = f"""
        select *, case state
            when '{SUPPRESSED}' then 'no consent to ' || $purpose when '{NO_CONTACT}' then 'no contact id is known' end as reason
        from (
            select segment, selected.member_id, {state} as state, {"targets.target_id" if targets else "cast(null as varchar)"} as target_id
            from selected {joins}
        )
    """

    def nasty() -> Mapping[str, pa.Table]:
        rows = {
            "selected": _rows("segment member_id", [(s, m) for s in (*export.segments, "other") for m in "abcdefg"]),
            "agreed": _rows("member_id", [(m,) for m in "abcz"]),
            "targets": _rows("member_id target_id", [(m, m * 2) for m in "bcdz"]),
        }
        return {each: rows[each] for each in reads}

    return Stage(
        "planned",
        {each: by("member_id") for each in reads},
        body,
        PLANNED,
        params={"purpose": export.consent or ""},
        nasty=nasty,
    )


def _rows(header: str, body: Sequence[Sequence[str | None]]) -> pa.Table:
    """Rows of text, for the proof that a stage may be split."""
    names = header.split()
    return pa.table({column: pa.array([row[place] for row in body], pa.string()) for place, column in enumerate(names)})
