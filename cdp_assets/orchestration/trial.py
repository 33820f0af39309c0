"""A rule that is switched off, tried on the records of the last refresh: what it would find, before it counts.

Pairs are found by the pipeline's own stages, over a configuration in which this rule alone is active. They become edges
in a folder that is removed again, and are told by the code that tells those of active rules; nothing is committed.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from cdp_assets.config import Dedupe, Project, ProjectConfig
from cdp_assets.config.customers import Customers, MatchRule
from cdp_assets.config.dedupe import DedupeRule
from cdp_assets.contacts.entity import ACCOUNTS, CONTACTS, view
from cdp_assets.contacts.state_tables import state_tables
from cdp_assets.errors import UserError
from cdp_assets.identity import match, terms
from cdp_assets.identity.explain import Reader
from cdp_assets.identity.explain.compare import fields_of
from cdp_assets.identity.explain.state import made_by
from cdp_assets.identity.rules import Rule, dedupe_rules, every_rule, record_sources
from cdp_assets.identity.tables import CLUSTERS, MATCH_EDGES, TERM_FREQUENCIES
from cdp_assets.lake import DuckDBEngine, Place, Source, Stage, anyhow, folder_aside, no_values_in_errors, whole
from cdp_assets.lake import delta as log
from cdp_assets.lake.digest import of_stages
from cdp_assets.lake.run import source_of
from cdp_assets.lake.source import name
from cdp_assets.sources.tables import table_of
from cdp_assets.unify import deduplicate

_NOT_READ = "{} was not read in the last refresh: run `cdp refresh` first, then try the rule."
_ENTITIES = {ACCOUNTS.section: ACCOUNTS, CONTACTS.section: CONTACTS}


@dataclass(frozen=True)
class Trial:
    """A rule that is switched off.

    `project`: as if it were the only one. `now`, `beside`: the entity's configuration as it is, and as if the rule were active too.
    """

    name: str
    of: str
    project: Project
    now: ProjectConfig
    beside: ProjectConfig

    @property
    def config(self) -> ProjectConfig:
        """The entity's configuration in which the rule is alone."""
        return _seen(self.project, self.of)

    def rules(self, asked: str) -> list[Rule]:
        """What the rule is, by this name: one between sources holds inside those without rules of their own too, under another name."""
        rules = every_rule(self.config)
        named = [rule for rule in rules if rule.name == asked]
        return [*named, *(rule for rule in rules if rule not in named)] if asked == self.name else named


def switched_off(project: Project, of: str) -> list[Trial]:
    """The dedupe and match rules of `of` (customers, accounts or contacts) that are not active."""
    section: Customers = getattr(project.config, of)
    found: list[Trial] = []

    def add(rule: str, alone: Customers, beside: Customers) -> None:
        only, both = (replace(project, config=project.config.model_copy(update={of: each})) for each in (alone, beside))
        found.append(Trial(rule, of, only, _seen(project, of), _seen(both, of)))

    for source, dedupe in section.dedupe.items():
        rules = dedupe.rules or ()
        for place, rule in enumerate(rules):
            if not rule.active:
                on = rule.model_copy(update={"active": True})
                nothing = dict.fromkeys(record_sources(_seen(project, of)), ())
                alone = _with(section, {**nothing, source: (on,)}, ())
                add(rule.name, alone, _with(section, {source: (*rules[:place], on, *rules[place + 1 :])}, section.match))
    for place, each in enumerate(section.match):
        if not each.active:
            matched = each.model_copy(update={"active": True})
            # a source without rules of its own has those between sources, this one too
            nothing = dict.fromkeys((source for source, dedupe in section.dedupe.items() if dedupe.rules is not None), ())
            beside = _with(section, {}, (*section.match[:place], matched, *section.match[place + 1 :]))
            add(each.name, _with(section, nothing, (matched,)), beside)
    return found


@contextmanager
def tried(trial: Trial) -> Iterator[Reader]:
    """A reader of the last whole state, as if the rule alone had made its edges: joined where it would make two clusters one.

    Raises UserError where nothing has been unified yet or the rule needs what was not read then, BudgetError where it would compare
    too many pairs.
    """
    place, engine = Place(trial.project.store), trial.project.config.engine
    place.prepare()
    with folder_aside(place.store) as work, Reader(place, trial.config, state_tables(trial.project, trial.of)) as reader:
        _require_fields(place, reader)
        runs = DuckDBEngine(memory=engine.memory_bytes, threads=engine.threads)
        terms_, edges = reader.tables.terms.name, reader.tables.edges.name
        for table, stages in ((terms_, _learnt(trial)), (edges, _stages(trial.config))):
            if stages:
                made = runs.run(stages, _inputs(place, reader, stages), work / table, work / f"{table} work")
                reader.put({table: made[stages[-1].name].source()})
        yield reader


def _seen(project: Project, of: str) -> ProjectConfig:
    return view(project, _ENTITIES[of]).config if of in _ENTITIES else project.config


def _with(section: Customers, inside: Mapping[str, Sequence[DedupeRule]], between: Sequence[MatchRule]) -> Customers:
    """The section with these rules; a source that is not named keeps those that it has."""
    own = {source: section.dedupe.get(source, Dedupe()).model_copy(update={"rules": tuple(rules)}) for source, rules in inside.items()}
    return section.model_copy(update={"dedupe": {**section.dedupe, **own}, "match": tuple(between)})


def _learnt(trial: Trial) -> list[Stage]:
    """What learns the weights of words and the identifiers of many, where the rule is a reason to learn anew; else what is kept counts."""
    if not terms.learns(trial.beside):
        return []
    wanted = terms.stages(trial.beside)
    same = terms.learns(trial.now) and of_stages(wanted) == of_stages(terms.stages(trial.now))
    return [] if same else wanted


def _stages(config: ProjectConfig) -> list[Stage]:
    """MATCH_EDGES of this configuration's rules before they are taken one by one: what people state of a pair counts, limits do not."""
    inside = [
        stage for source in record_sources(config) if dedupe_rules(config, source) for stage in deduplicate.pairs_stages(config, source)
    ]
    found = match.stages(config)
    ends = [place for place, stage in enumerate(found) if stage.name in (match.DUPLICATE_EDGES, match.MATCHES)]
    edges = [found[place].name for place in ends]
    return [*inside, *found[: ends[-1] + 1], _judged(edges)]


def _judged(edges: Sequence[str]) -> Stage:
    """The edges by what they would do to the clusters that there are."""
    every = " union all by name ".join(f"from {name(each)}" for each in edges)
    listing = ", ".join(f"e.{name(column)}" for column in MATCH_EDGES.column_names if column != "status")
    body = f"""
        select {listing},
            coalesce(nullif(e.status, 'redundant'), case when l.cluster_id = r.cluster_id then 'redundant' else 'joined' end) as status
        from ({every}) as e
        left join clusters as l on l.source = e.left_source and l.record_key = e.left_key
        left join clusters as r on r.source = e.right_source and r.record_key = e.right_key
    """
    return Stage(MATCH_EDGES.name, {**dict.fromkeys(edges, anyhow()), CLUSTERS.name: whole()}, body, MATCH_EDGES)


def _require_fields(place: Place, reader: Reader) -> None:
    """UserError where the last refresh has not read what is compared: a column that a table lacks has no value anywhere."""
    for source, fields in fields_of(reader.rules).items():
        records = f"deduplicated_{source}"
        with no_values_in_errors(records):
            version = reader.state.versions.get(records)
            handle = log.open_table(place.lake / records, version) if version is not None else None
            known = {field.name for field in handle.schema().fields} if handle else set()
        missing = [field for field in fields if field not in known]
        if missing:
            raise UserError(_NOT_READ.format(f"{source}.{missing[0]}" if known else source))


def _inputs(place: Place, reader: Reader, stages: Sequence[Stage]) -> dict[str, Source]:
    """What the stages read, by their names, in the state of the reader; sources as its records were made from them."""
    sources, stored = reader.config.sources, reader.tables
    names = {CLUSTERS.name: stored.clusters.name, TERM_FREQUENCIES.name: stored.terms.name}
    result: dict[str, Source] = {}
    for each in sorted({each for stage in stages for each in stage.reads} - {stage.name for stage in stages}):
        source = each.removeprefix("deduplicated_")
        version = reader.state.versions.get(each)
        if each in sources and version is None:
            records = f"deduplicated_{each}"
            made = made_by(place, records, reader.state.versions.get(records))
            version = made.inputs.get(each) if made else None
        if source in sources and version is None:
            raise UserError(_NOT_READ.format(source))
        if each in sources:
            with no_values_in_errors(each):
                result[each] = source_of(place.lake / each, table_of(each, sources[each]), version)
        else:
            result[each] = reader.sources[names.get(each, each)]
    return result
