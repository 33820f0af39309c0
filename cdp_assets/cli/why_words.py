"""How an explanation is printed: what was told (identity/explain/told.py), as lines and tables for people."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table as Grid

from cdp_assets.cli.console import plain_console

if TYPE_CHECKING:
    from cdp_assets.cli.entities import Of

Facts = dict[str, Any]
MOST = 5
"""So many pieces of evidence between other records are printed; all are in the JSON."""


def print_why(told: Facts, of: "Of") -> None:
    """Print why two records are one."""
    out = plain_console()
    a, b, steps = told["a"], told["b"], told["steps"]
    one = of.removesuffix("s")
    what = f"{one} {a['profile']}" if a["profile"] else f"group without a profile: nothing outside {a['source']} matched"
    if not steps:
        _say(out, f"{a['record']} is one record, of the {what}.")
        return
    _say(out, f"{a['record']} and {b['record']} are the same {what}.")
    of_it = f"It has {a['members']:,} records and visitors."
    _say(out, f"{of_it} {_lead(steps)} from one to the other:")
    for number, step in enumerate(steps, start=1):
        _say(out, "")
        _say(out, f"{number}  {step['from']} and {step['to']}")
        _say(out, f"   {_evidence(step)}, {step['status']}")
        print_compared(out, step, step["from"], step["to"])
        for each in step["identities"]:
            _say(out, f"   {_identity(each)}")
        for each in step["also"]:
            _say(out, f"   also {_by(each)}")
        if step["changed"]:
            _say(
                out, "   By the rules in cdp.yaml the score is another one now: they, or the program, were changed since the last refresh."
            )
    _masked(out, told)


def print_why_not(told: Facts, of: "Of") -> None:
    """Print why two records are not one."""
    out = plain_console()
    a, b = told["a"], told["b"]
    one = of.removesuffix("s")
    profiles = " and ".join(f"{one} {each['profile']}" if each["profile"] else f"{each['record']} without a profile" for each in (a, b))
    _say(out, f"{a['record']} and {b['record']} are not the same {one}: {profiles}.")
    for each in told["stated"]:
        _say(out, "")
        _say(out, _stated(each))
    for title, key in (("Between the two", "not_used"), ("Between other records of the two", "not_used_of_their_profiles")):
        found = told[key]
        if found:
            _say(out, "")
            _say(out, f"{title} there is evidence that was not used:")
        for each in found[:MOST]:
            for line in _not_used(each, names=key != "not_used"):
                _say(out, f"   {line}")
        if len(found) > MOST:
            _say(out, f"   and {len(found) - MOST:,} more (--json lists all)")
    for each in told["identities"]:
        _say(out, "")
        _say(out, _identity(each))
    for rule in told["rules"]:
        _say(out, "")
        _say(out, f'Rule "{rule["rule"]}": {_outcome(rule)}')
        print_compared(out, rule, rule["left"], rule["right"])
    if not told["rules"] and not told["identities"]:
        _say(out, "")
        _say(out, _no_rule(told))
    _masked(out, told)


def _no_rule(told: Facts) -> str:
    sources = [told["a"]["source"], told["b"]["source"]]
    if sources[1] in told["sources_with_rules"][0]:  # one is a visitor: between sources of records there would be a rule
        return "The visitor has given no id by which it would be known in the other source: signing in is what makes the two one."
    between = f"inside {sources[0]}" if sources[0] == sources[1] else f"between {sources[0]} and {sources[1]}"
    lines = [f"No rule compares records {between}: they can become one through records of other sources only."]
    for source, others in zip(dict.fromkeys(sources), told["sources_with_rules"], strict=False):
        lines.append(f"{source} has rules with {', '.join(others)}." if others else f"{source} has no rules at all.")
    return " ".join(lines)


def _outcome(rule: Facts) -> str:
    failed = [each for each in rule["conditions"] if not each["holds"]]
    if rule["holds"]:
        return f"holds, {percent(rule['score'])} alike"
    if not failed:
        return f"its conditions hold, {percent(rule['score'])} alike, and an exception keeps the two apart"
    return f"does not hold, {len(failed)} of {len(rule['conditions'])} conditions fail"


def _lead(steps: list[Facts]) -> str:
    if len(steps) > 1:
        return f"{len(steps)} steps lead"
    return "What people say leads" if steps[0]["kind"] == "always" else "A rule leads"


def _evidence(edge: Facts) -> str:
    return _by(edge) if edge["kind"] == "always" else f"{edge['kind']} {_by(edge)}"


def _by(edge: Facts) -> str:
    """What an edge comes from: a rule, or people."""
    if edge["kind"] == "always":
        return "people say that the two are one"
    return f'by the rule "{edge["rule"]}", {percent(edge["score"])} alike'


def _not_used(edge: Facts, *, names: bool) -> Iterator[str]:
    which = f"{edge['left']} and {edge['right']}: " if names else ""
    status = "for a review, alike enough only for people to decide: cdp match" if edge["status"] == "review" else edge["status"]
    yield f"{which}{_evidence(edge)}: {status}" + (f", {edge['reason']}" if edge["reason"] else "")
    if instead := edge.get("instead"):
        by = "as people say" if instead["kind"] == "always" else f'by "{instead["rule"]}", {percent(instead["score"])} alike'
        yield f"   {edge['right']} went to {instead['left']} {by}"


def _stated(its: Facts) -> str:
    where = f"{its['file']} line {its['line']} ({its['origin']})" if its["file"] else "a decision"
    return f"People say that {its['left']} and {its['right']} are {its['verdict']} one: {where}."


def _identity(its: Facts) -> str:
    if its["value"] is None:
        return f"{its['visitor']} gave an id of {its['field']} that is not known."
    whose = "as the record has it" if its["same"] else "which is not the record's"
    return f"{its['visitor']} {'is' if its['still'] else 'was once'} signed in with {its['field']} {its['value']}, {whose}."


def print_compared(out: Console, rule: Facts, left: str, right: str) -> None:
    """A table of the rule's conditions, and of its exceptions below them."""
    if not rule["conditions"]:
        return
    grid = Grid(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for column in ("compared", left, right, "alike", "needed", ""):
        grid.add_column(column, justify="right" if column in ("alike", "needed") else "left", overflow="fold")
    for each in [*rule["conditions"], *rule["exceptions"]]:
        fields = dict.fromkeys((each["left_field"], each["right_field"]))
        what = " / ".join(fields) + (f" ({each['as']})" if each["as"] else "")
        sides = [_value(each, "left"), _value(each, "right")]
        needed = "equal" if each["needed"] == 1 else percent(each["needed"])
        said = "holds" if each["holds"] else "fails"
        if "differs" in each:
            what = f"unless {what} {'differs' if each['differs'] else 'is alike'}"
            said = "keeps apart" if each["holds"] else "does not hold"
        grid.add_row(what, *sides, _alike(each), needed, said)
    out.print(Padding(grid, (0, 0, 0, 3), expand=False))


def _alike(condition: Facts) -> str:
    if condition["missing"]:
        return "-"
    if condition["score"] is not None:
        return percent(condition["score"])
    return "equal" if condition.get("alike", condition["holds"]) else "not equal"


def _value(condition: Facts, side: str) -> str:
    value = condition[side]
    if side in condition["missing"]:
        why = "junk, or too many people share it" if side in condition["of_nobody"] else "nothing to compare"
        return "(missing)" if value is None else f"{value} ({why})"
    return str(value)


def percent(score: float) -> str:
    """A score as it is; rounded down, so that nothing below a limit looks like the limit."""
    return f"{int(score * 1000 + 1e-6) / 10:g} %"


def _masked(out: Console, told: Facts) -> None:
    if told["masked"]:
        _say(out, "")
        _say(out, "Of personal values the forms are shown: a for letters, 9 for a digit. A contributor sees the values.")


def _say(out: Console, line: str) -> None:
    out.print(line, soft_wrap=False)
