"""Explanations as plain data for pages, programs and the command line, with the values that the reader may see."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from cdp_assets.config import ProjectConfig, RecordsSource
from cdp_assets.identity.explain.ask import NotUsed, Preview, Sighting, Stated, Step, Why, WhyNot
from cdp_assets.identity.explain.compare import Condition, Verdict
from cdp_assets.identity.explain.path import Edge, Node
from cdp_assets.identity.explain.reader import Record
from cdp_assets.identity.normalise import Form

Facts = dict[str, Any]


@dataclass(frozen=True)
class Teller:
    """Tells explanations. `hide` is what is shown in the place of a personal value; None: the value itself.

    The keys of `named`, records that whoever asks has named by their keys, are known to them.
    """

    config: ProjectConfig
    hide: Callable[[str], str] | None = None
    named: Collection[Node] = ()

    def why(self, found: Why) -> Facts:
        """Why two records are one."""
        return {
            "a": self._record(found.a),
            "b": self._record(found.b),
            "one": True,
            "masked": self.hide is not None,
            "steps": [self._step(each) for each in found.steps],
        }

    def why_not(self, found: WhyNot) -> Facts:
        """Why two records are not one."""
        return {
            "a": self._record(found.a),
            "b": self._record(found.b),
            "one": False,
            "masked": self.hide is not None,
            "not_used": [self._not_used(each) for each in found.direct],
            "not_used_of_their_profiles": [self._not_used(each) for each in found.near],
            "stated": [self._stated(each) for each in found.stated],
            "rules": [self._verdict(each) for each in found.verdicts],
            "identities": [self._sighting(each) for each in found.sightings],
            "sources_with_rules": [list(each) for each in found.partners],
        }

    def preview(self, found: Preview) -> Facts:
        """What became of one rule."""
        told = {"left": found.rule.left_source, "right": found.rule.right_source, "records": found.records, "matched": found.matched}
        shown = {"weakest": [self._step(each) for each in found.weakest], "review": [self._step(each) for each in found.review]}
        return {**told, "pairs": [list(each) for each in found.pairs], **shown}

    def _record(self, its: Record) -> Facts:
        return {"record": self._node(its.node), "source": its.node.source, "profile": its.profile, "members": its.members}

    def _step(self, its: Step) -> Facts:
        hop, verdict = its.hop, its.verdict
        told = self._verdict(verdict) if verdict else {"conditions": [], "exceptions": []}
        turn = (lambda each: each) if hop.start == hop.edge.left else _turned
        return {
            "from": self._node(hop.start),
            "to": self._node(hop.end),
            **self._edge(hop.edge),
            "also": [{"rule": each.rule, "kind": each.kind, "score": each.weight} for each in hop.also],
            "conditions": [turn(each) for each in told["conditions"]],
            "exceptions": [turn(each) for each in told["exceptions"]],
            "changed": verdict is not None and verdict.score != hop.edge.weight,
            "identities": [self._sighting(each) for each in its.sightings],
        }

    def _not_used(self, its: NotUsed) -> Facts:
        told = {"left": self._node(its.edge.left), "right": self._node(its.edge.right), **self._edge(its.edge), "reason": its.edge.reason}
        if its.instead is None:
            return told
        return {**told, "instead": {"left": self._node(its.instead.left), **self._edge(its.instead)}}

    def _edge(self, its: Edge) -> Facts:
        return {"rule": its.rule, "kind": its.kind, "status": its.status, "score": its.weight}

    def _verdict(self, its: Verdict) -> Facts:
        sides = (its.rule.left_source, its.rule.right_source)
        return {
            "rule": its.rule.name,
            "left": sides[0],
            "right": sides[1],
            "holds": its.holds,
            "score": its.score,
            "conditions": [self._condition(each, *sides) for each in its.conditions],
            "exceptions": [
                {**self._condition(each.condition, *sides), "alike": each.condition.holds, "differs": each.differs, "holds": each.holds}
                for each in its.exceptions
            ],
        }

    def _condition(self, its: Condition, left: str, right: str) -> Facts:
        one, other = its.comparison.left, its.comparison.right
        return {
            "left_field": one.field,
            "left": self._value(left, one.field, its.left),
            "right_field": other.field,
            "right": self._value(right, other.field, its.right),
            "as": form_in_words(one),
            "needed": float(its.comparison.share),
            "score": its.score,
            "holds": its.holds,
            "missing": list(its.missing),
            "of_nobody": list(its.of_nobody),
        }

    def _sighting(self, its: Sighting) -> Facts:
        source, _, field = its.field.partition(".")
        told = {"visitor": self._node(its.visitor), "field": its.field, "value": self._value(source, field, its.value)}
        return {**told, "same": its.same, "still": its.still}

    def _stated(self, its: Stated) -> Facts:
        told = {"left": self._node(its.left), "right": self._node(its.right), "verdict": its.verdict, "origin": its.origin}
        return {**told, "file": its.file, "line": its.line}

    def _node(self, node: Node) -> str:
        key = node.key if self.hide is None or node in self.named else self.hide(node.key)
        return f"{node.source}:{key}"

    def _value(self, source: str, field: str, value: str | None) -> str | None:
        its = self.config.sources[source]
        key = isinstance(its, RecordsSource) and field == its.primary_key
        personal = key or its.fields[field].personal
        return self.hide(value) if value is not None and self.hide is not None and personal else value


def names(text: str, node: Node) -> bool:
    """Whether this text, as it was typed, holds the key of the record: the id of a profile does not."""
    return text in (f"{node.source}:{node.key}", f"{node.source}|{node.key}")


def _turned(condition: Facts) -> Facts:
    """The condition seen from the other side."""
    sides = {"left": "right", "right": "left", "left_field": "right_field", "right_field": "left_field"}
    listed = {key: [sides[each] for each in condition[key]] for key in ("missing", "of_nobody")}
    return {sides.get(key, key): value for key, value in condition.items()} | listed


def form_in_words(form: Form) -> str:
    """How a field is made alike before it is compared; empty: as it is."""
    kinds = {"text": "", "name": "as a name", "address": "as an address", "organization": "as an organization"}
    lists = [f"list {word}" for word, its in (("of aliases", form.alias), ("of values to bypass", form.bypass)) if its is not None]
    return ", ".join(each for each in (kinds[form.kind], *sorted(form.steps), *lists) if each)
