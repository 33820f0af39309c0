"""What is learnt from all records and then kept: weights of words, and identifiers that too many people share.

They are frozen: a refresh keeps them until they are learnt again on purpose (`cdp refresh --learn`, or this asset alone in
Dagster's UI) or the configuration that they follow from changes. So the score of a pair depends on its two records and on
this table, never on who else has come or gone. A shared identifier tells nobody apart (usable.py): the telephone of a
switchboard, the address info@. People are told apart by their names, organisations by theirs; records without are not counted.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import pyarrow as pa
from sqlglot import exp

from cdp_assets.config import ProjectConfig
from cdp_assets.identity import words
from cdp_assets.identity.cluster_rules import cluster_lists, weighed_in
from cdp_assets.identity.forms import Forms, weight_stages
from cdp_assets.identity.normalise import Form, functions_in
from cdp_assets.identity.normalise.forms import text, view, words_of
from cdp_assets.identity.rules import dedupe_rules, forms_of, list_sources, match_rules, record_sources
from cdp_assets.identity.tables import TERM_FREQUENCIES
from cdp_assets.identity.usable import ALL, IDENTIFIER, WORD, canonical, identifying
from cdp_assets.lake import Column, Stage, Step, Table, anyhow, by, intermediate
from cdp_assets.lake.nasty import keys, nasty_rows
from cdp_assets.lake.source import literal, name
from cdp_assets.lake.stage import Meet
from cdp_assets.sources.tables import table_of

_HELD = intermediate(
    "identifiers held",
    """
    source     | varchar | source of the record
    record_key | varchar | its key
    type       | varchar | semantic type of the identifier
    value      | varchar | the identifier in the form of its type
    """,
)
_NAMED = intermediate("names of holders", "type | varchar | type\nvalue | varchar | the identifier\nperson | varchar | name of who has it")
_CROWDED = "identifiers of many"


def learns(config: ProjectConfig) -> bool:
    """Whether anything is learnt for the entity of this configuration."""
    return bool(_forms(config)) or any(identifying(config, source) for source in record_sources(config))


def terms_read(config: ProjectConfig) -> dict[str, Table]:
    """What is learnt, as an input of a step; none where nothing is."""
    return {TERM_FREQUENCIES.name: TERM_FREQUENCIES} if learns(config) else {}


def terms_steps(config: ProjectConfig) -> list[Step]:
    """The step that learns; none where nothing is learnt."""
    if not learns(config):
        return []
    rules = [*match_rules(config), *(rule for source in record_sources(config) for rule in dedupe_rules(config, source))]
    read = dict.fromkeys([*record_sources(config), *list_sources(rules), *cluster_lists(config)])
    return [
        Step(
            TERM_FREQUENCIES,
            "identity",
            "What is learnt from all records and then kept: how rare words are, and identifiers that too many customers share. "
            "A refresh keeps it; materialise it alone, or `cdp refresh --learn`, to learn anew.",
            {source: table_of(source, config.sources[source]) for source in read},
            stages=partial(stages, config),
            numbers={
                "words": f"count(*) filter (kind = {literal(WORD)})",
                "shared_identifiers": f"count(*) filter (kind = {literal(IDENTIFIER)})",
                "most_people": "coalesce(max(people), 0)",
            },
            frozen=True,
        )
    ]


def learnt_from(config: ProjectConfig) -> list[tuple[str, str, str]]:
    """What is learnt from: type (of an identifier, or address or organization), source and field."""
    identifiers = [(its, s, field) for s in record_sources(config) for field, its in identifying(config, s).items()]
    texts = [(form.kind, s, form.field) for s, forms in _forms(config).items() for form in forms.forms if form.view == "weights"]
    return [*identifiers, *texts]


def stages(config: ProjectConfig) -> list[Stage]:
    """TERM_FREQUENCIES from the sources."""
    weighed, result, parts = _forms(config), list[Stage](), list[str]()
    if weighed:
        result += [*weight_stages(weighed), _words()]
        parts.append(_words().name)
    sources = [source for source in record_sources(config) if identifying(config, source)]
    if sources:
        most = config.customers.guards.shared_by
        assert most is not None, "no field is identifying then"
        named = [_named(config, source) for source in sources]
        result += [_held(config, sources), _crowded(most), *named]
        result += [_union(_NAMED, [stage.name for stage in named]), _shared(most), _counted()]
        parts += [_shared(most).name, _counted().name]
    return [*result, _union(TERM_FREQUENCIES, parts)]


def _forms(config: ProjectConfig) -> dict[str, Forms]:
    """The forms of each source of whose words the weights are needed by a rule between sources, inside one, or of a cluster."""
    result = {}
    for source in record_sources(config):
        forms = forms_of([*dedupe_rules(config, source), *match_rules(config)], source)
        further = [each for form in weighed_in(config, source) for each in (form.value, form)]
        forms = replace(forms, forms=tuple(dict.fromkeys([*forms.forms, *further])))
        if forms.weighted:
            result[source] = forms
    return result


def _part(title: str) -> Table:
    return Table(title, "rows of what is learnt", (), TERM_FREQUENCIES.columns)


def _union(table: Table, parts: Sequence[str]) -> Stage:
    listing, unique = ", ".join(table.column_names), {column: keys(60) for column in table.key[-1:]}
    body = " union all ".join(f"select {listing} from {name(part)}" for part in parts)
    return Stage(
        table.name, dict.fromkeys(parts, anyhow()), body, table, nasty=lambda: {part: nasty_rows(table.columns, unique) for part in parts}
    )


def _words() -> Stage:
    """Each word with its weight, and how many texts there are of a kind."""
    table = _part("weights learnt")
    body = f"""
        select {literal(WORD)} as kind, kind as type, word as term, texts as records, cast(null as bigint) as people, weight
        from {name(words.WORD_WEIGHTS.name)}
        union all
        select distinct {literal(ALL)}, kind, '', all_texts, null, null from {name(words.WORD_WEIGHTS.name)}
    """
    given: dict[str, Sequence[object]] = {
        "kind": ["address", "address", "organization"],
        "word": ["a", "b", "c", "d"],
        "texts": [1, 2],
        "all_texts": [40, 40, 7],
    }
    return Stage(
        table.name, {words.WORD_WEIGHTS.name: by("kind")}, body, table,
        nasty=lambda: {words.WORD_WEIGHTS.name: nasty_rows(words.WORD_WEIGHTS.columns, given, rows=12)},
    )  # fmt: skip


def _held(config: ProjectConfig, sources: Sequence[str]) -> Stage:
    """The identifiers of all records; null where a record has none. They stay: a filter would make each value comparable twice."""
    selects = []
    for source in sources:
        for field, meaning in identifying(config, source).items():
            value = canonical(meaning, exp.column(field, quoted=True)).sql(dialect="duckdb")
            listing = f"{literal(source)} as source, record_key, {literal(meaning)} as type, {value} as value"
            selects.append(f"select {listing} from {name(source)}")
    body = " union all ".join(selects)

    def nasty() -> dict[str, pa.Table]:
        return {source: _records_example(config, source) for source in sources}

    return Stage(_HELD.name, dict.fromkeys(sources, anyhow()), body, _HELD, functions=functions_in(body), nasty=nasty)


def _crowded(most: int) -> Stage:
    """The identifiers that more records have than people may: only of these the names are asked for."""
    table = Table(_CROWDED, "an identifier of a record", (), _HELD.columns)
    body = f"""
        select h.source, h.record_key, h.type, h.value from {name(_HELD.name)} as h
        semi join (select type, value from {name(_HELD.name)} group by type, value having count(*) > $most) as m
        on h.type = m.type and h.value = m.value
    """
    return Stage(
        table.name, {_HELD.name: by("type", "value")}, body, table, params={"most": most}, nasty=lambda: {_HELD.name: _held_example()}
    )


def _named(config: ProjectConfig, source: str) -> Stage:
    """Who of a source has these identifiers, by name."""
    table = Table(f"names of holders in {source}", "an identifier and the name of who has it", (), _NAMED.columns)
    # a field has no space in its name; the names are made comparable after the join, for the few that are asked for
    body = f"""
        select "held type" as type, "held value" as value, {_person(config, source)} as person
        from (
            select h.type as "held type", h.value as "held value", r.*
            from {name(_CROWDED)} as h join {name(source)} as r on h.record_key = r.record_key
            where h.source = {literal(source)}
        )
    """
    return Stage(
        table.name, {_CROWDED: by("record_key"), source: by("record_key")}, body, table, functions=functions_in(body),
        nasty=lambda: {_CROWDED: _held_example(source), source: _records_example(config, source)},
    )  # fmt: skip


def _person(config: ProjectConfig, source: str) -> str:
    """SQL for the name by which the people (or organisations) of a source are told apart; null where it has none."""
    fields = config.sources[source].fields
    of = {its.type: exp.column(field, quoted=True) for field, its in reversed(list(fields.items())) if its.data_type == "varchar"}
    whole = [of[meaning] for meaning in ("person.full_name",) if meaning in of]
    both = [of[meaning] for meaning in ("person.first_name", "person.last_name") if meaning in of]
    people = [*whole, *([exp.func("concat_ws", exp.convert(" "), *both, dialect="duckdb")] if both else [])]
    firms = [of["organization.name"]] if "organization.name" in of else []
    names = [*firms, *people] if config.customers.section == "accounts" else [*people, *firms]
    if not names:
        return "cast(null as varchar)"
    its = names[0] if len(names) == 1 else exp.Coalesce(this=names[0], expressions=names[1:])
    form = Form("", "varchar", frozenset(), "name", "sorted")
    value = text(form, its)
    return view(form, value, words_of(value.copy())).sql(dialect="duckdb")


def _shared(most: int) -> Stage:
    """Identifiers that people of more than so many names have."""
    table = _part("shared identifiers")
    body = f"""
        select {literal(IDENTIFIER)} as kind, h.type, h.value as term, h.records, n.people, cast(null as integer) as weight
        from (select type, value, count(*) as records from {name(_CROWDED)} group by type, value) as h
        join (select type, value, count(distinct person) as people from {name(_NAMED.name)} group by type, value) as n
        on h.type = n.type and h.value = n.value
        where n.people > $most
    """
    names: dict[str, Sequence[object]] = {"type": ["identity.email"], "value": ["a", "a", "b"], "person": [f"p{n}" for n in range(100)]}
    reads: dict[str, Meet] = {_CROWDED: by("type", "value"), _NAMED.name: by("type", "value")}
    return Stage(
        table.name, reads, body, table, params={"most": most},
        nasty=lambda: {_CROWDED: _held_example(), _NAMED.name: nasty_rows(_NAMED.columns, names, rows=100)},
    )  # fmt: skip


def _counted() -> Stage:
    """How many identifiers of each type there are."""
    table = _part("identifiers counted")
    body = f"""
        select {literal(ALL)} as kind, type, '' as term, count(value) as records, cast(null as bigint) as people,
            cast(null as integer) as weight
        from {name(_HELD.name)} group by type having count(value) > 0
    """
    return Stage(table.name, {_HELD.name: by("type")}, body, table, nasty=lambda: {_HELD.name: _held_example()})


def _held_example(source: str = "crm") -> pa.Table:
    sources = [source, source, "other"]
    return nasty_rows(_HELD.columns, {"source": sources, "record_key": keys(), "type": ["identity.email"], "value": ["a", "a", "b"]})


def _records_example(config: ProjectConfig, source: str) -> pa.Table:
    fields = [Column(field, its.data_type, "field") for field, its in config.sources[source].fields.items()]
    return nasty_rows([Column("record_key", "varchar", "key"), *fields], {"record_key": keys()})
