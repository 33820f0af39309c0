"""Rules of the configuration as comparisons of comparable forms, and the forms that each source must provide."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction

from cdp_assets.config import Condition, ProjectConfig, RecordsSource
from cdp_assets.config.customers import MatchRule
from cdp_assets.config.dedupe import RuleException
from cdp_assets.config.rule_condition import Kind
from cdp_assets.identity.forms import Forms
from cdp_assets.identity.lists import sources_of
from cdp_assets.identity.normalise import Form, View, companion_of
from cdp_assets.identity.similarity import Comparison, share
from cdp_assets.lake import Function


@dataclass(frozen=True)
class Unless:
    """An exception of a rule: pairs for which it holds are not taken. `differs`: it holds where the two are not alike."""

    comparison: Comparison
    differs: bool

    @property
    def reason(self) -> str:
        """Why a pair is not taken; the fields, never a value."""
        left, right = self.comparison.left.field, self.comparison.right.field
        fields = left if left == right else f"{left} and {right}"
        return f"exception: {fields} not alike" if self.differs else f"exception: {fields} alike"


@dataclass(frozen=True)
class Rule:
    """A rule between two sources, or inside one; `rank` is its place in the configured order of the active ones.

    `origin`: the match rule that a dedupe rule was made of. `review`: how alike values must be at least for a pair that
    the rule itself does not take to be kept for people to look at; None: no such pair is kept.
    """

    name: str
    rank: int
    left_source: str
    right_source: str
    comparisons: tuple[Comparison, ...]
    section: str = "customers"
    exceptions: tuple[Unless, ...] = ()
    origin: str | None = None
    review: Fraction | None = None

    @property
    def within(self) -> bool:
        """Whether the rule finds duplicates inside one source."""
        return self.left_source == self.right_source

    @property
    def exact(self) -> bool:
        """Whether records must be equal in something, so that only those need to be compared."""
        return any(comparison.exact for comparison in self.comparisons)

    @property
    def functions(self) -> tuple[Function, ...]:
        """The functions of ours that its comparisons call, each once."""
        comparisons = (*self.comparisons, *(each.comparison for each in self.exceptions))
        return tuple(dict.fromkeys(function for comparison in comparisons for function in comparison.functions))

    @property
    def where(self) -> str:
        """The rule's place in the configuration, for messages."""
        if self.origin is not None:
            return f'{self.section}.match, rule "{self.origin}", applied inside {self.left_source} too'
        place = f"dedupe.{self.left_source}" if self.within else "match"
        return f'{self.section}.{place}, rule "{self.name}"'

    @property
    def way_out(self) -> str:
        """What else to do about a rule that is too much work: one that nobody wrote can be switched off."""
        if self.origin is None:
            return ""
        source = self.left_source
        place = f"{self.section}.dedupe.{source}.rules"
        return f" Or give {source} rules of its own ({place}); with an empty list, `rules: []`, only the same primary key makes one."


def dedupe_rules(config: ProjectConfig, source: str) -> list[Rule]:
    """The active rules inside one source; where it states none, those of its match rules (spec 1.2, D2)."""
    dedupe = config.customers.dedupe.get(source)
    if dedupe is None or dedupe.rules is None:
        return _of_match_rules(config, source)
    return [
        Rule(
            r.name, rank, source, source, _comparisons(config, r.all, source, source), config.customers.section,
            _unless(config, r.exceptions, source, source), review=_floor(r.review),
        )
        for rank, r in enumerate(rule for rule in dedupe.rules if rule.active)
    ]  # fmt: skip


def match_rules(config: ProjectConfig) -> list[Rule]:
    """The active rules between sources in configured order."""
    return [
        Rule(
            r.name, rank, r.left, r.right, _comparisons(config, r.all, r.left, r.right), config.customers.section,
            _unless(config, r.exceptions, r.left, r.right), review=_floor(r.review),
        )
        for rank, r in enumerate(_active(config))
    ]  # fmt: skip


def every_rule(config: ProjectConfig) -> list[Rule]:
    """All active rules: those inside each source, then those between sources."""
    return [*(rule for source in record_sources(config) for rule in dedupe_rules(config, source)), *match_rules(config)]


def _active(config: ProjectConfig) -> list[MatchRule]:
    return [rule for rule in config.customers.match if rule.active]


def _of_match_rules(config: ProjectConfig, source: str) -> list[Rule]:
    """Each match rule of the source as a rule inside it, by the fields of its own side; equal ones once, by the first.

    A rule by nothing but the primary key is left out: rows with the same one are one record already.
    """
    names = Counter(rule.name for rule in _active(config) if source in (rule.left, rule.right))
    result: list[Rule] = []
    seen = set()
    for rule in _active(config):
        if source not in (rule.left, rule.right):
            continue
        comparisons = tuple(_inside(c, right=rule.right == source) for c in _comparisons(config, rule.all, rule.left, rule.right))
        exceptions = tuple(
            Unless(_inside(each.comparison, right=rule.right == source), each.differs)
            for each in _unless(config, rule.exceptions, rule.left, rule.right)
        )
        same = (frozenset(comparisons), frozenset(exceptions), rule.review)
        if same in seen or any(_by_key(config, source, each) for each in comparisons):
            continue
        seen.add(same)
        # rules between other sources may have the same name
        sources = f" of {rule.left} and {rule.right}" if names[rule.name] > 1 else ""
        name = f'as match rule "{rule.name}"{sources}'
        result.append(
            Rule(name, len(result), source, source, comparisons, config.customers.section, exceptions, rule.name, _floor(rule.review))
        )
    return result


def _inside(comparison: Comparison, *, right: bool) -> Comparison:
    """A comparison of one side's field with itself in another record."""
    form = comparison.right if right else comparison.left
    return replace(comparison, left=form, right=form)


def _by_key(config: ProjectConfig, source: str, comparison: Comparison) -> bool:
    """Whether two records of a source would need the same primary key, as it is written."""
    settings = config.sources[source]
    key = isinstance(settings, RecordsSource) and settings.primary_key == comparison.left.field
    return key and comparison.exact and comparison.left == Form(comparison.left.field, comparison.left.data_type)


def entities(config: ProjectConfig) -> list[ProjectConfig]:
    """The configuration as one of customers, of accounts and of contacts: of those that there are, each in the place of customers."""
    sections = [each for each in (config.customers, config.accounts, config.contacts) if each is not None]
    return [config if each is config.customers else config.model_copy(update={"customers": each}) for each in sections]


def record_sources(config: ProjectConfig) -> list[str]:
    """The sources of records that take part, the highest first."""
    return [name for name in config.customers.match_order if isinstance(config.sources[name], RecordsSource)]


def event_sources(config: ProjectConfig) -> list[str]:
    """The sources of events whose visitors take part, the highest first."""
    return [name for name in config.customers.match_order if not isinstance(config.sources[name], RecordsSource)]


def _comparisons(config: ProjectConfig, conditions: Iterable[Condition], left: str, right: str) -> tuple[Comparison, ...]:
    result = []
    for condition in conditions:
        names = condition.sides(config, left, right)
        fields = [config.sources[source].fields[field] for source, field in zip((left, right), names, strict=True)]
        kind = condition.compared_as(*fields)
        forms = [_form(condition, config, kind, name, its.data_type) for name, its in zip(names, fields, strict=True)]
        result.append(Comparison(forms[0], forms[1], share(condition.precision)))
    return tuple(result)


def _floor(review: float | None) -> Fraction | None:
    return None if review is None else share(review)


def _unless(config: ProjectConfig, exceptions: Iterable[RuleException], left: str, right: str) -> tuple[Unless, ...]:
    exceptions = tuple(exceptions)
    comparisons = _comparisons(config, exceptions, left, right)
    return tuple(Unless(comparison, each.differs) for comparison, each in zip(comparisons, exceptions, strict=True))


def _form(condition: Condition, config: ProjectConfig, kind: Kind, field: str, data_type: str) -> Form:
    """A name that must be equal has its words sorted; all of their orders are needed only where it may differ."""
    view: View = "value" if kind != "name" else "orders" if condition.precision < 1 else "sorted"
    alias = config.customers.aliases[condition.alias] if condition.alias else None
    bypass = config.customers.bypass[condition.bypass] if condition.bypass else None
    return Form(field, data_type, frozenset(condition.normalise), kind, view, alias, bypass)


def list_sources(rules: Iterable[Rule]) -> list[str]:
    """The sources in which the lists stand that these rules name."""
    comparisons = (c for rule in rules for c in (*rule.comparisons, *(each.comparison for each in rule.exceptions)))
    return sources_of(form for comparison in comparisons for form in (comparison.left, comparison.right))


def needs_companion(rule: Rule, comparison: Comparison) -> bool:
    """Whether it is compared with weights of words, or, where it is compared pair by pair, with the letters of both sides."""
    return comparison.weighed or (rule.exact and not comparison.exact)


def forms_of(rules: Iterable[Rule], source: str) -> Forms:
    """The forms that these rules need of one source, each once."""
    wanted: dict[Form, None] = {}
    for rule in rules:
        for comparison in rule.comparisons:
            for side, form in ((rule.left_source, comparison.left), (rule.right_source, comparison.right)):
                if side == source:
                    wanted |= dict.fromkeys([form, companion_of(form)] if needs_companion(rule, comparison) else [form])
        for each in rule.exceptions:
            for side, form in ((rule.left_source, each.comparison.left), (rule.right_source, each.comparison.right)):
                if side == source:
                    wanted |= dict.fromkeys([form, companion_of(form)] if each.comparison.weighed else [form])
    return Forms(f"forms of {source}", tuple(wanted))
