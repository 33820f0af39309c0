"""The program behind `make features`: it shows by tests what docs/features.toml claims.

docs/features.toml lists every capability of the product (`[[feature]]`, 1 to 200) and every row of the brief
(`[[brief]]`, 1 to 34) with a state and the tests that show it. Here stand the reading of that list, the rules it must
keep, the one run of pytest over the tests it names, and the tables that are printed.

A named test that is skipped shows nothing, unless its reason begins with `missing data`: what it needs may not be
copied into the project, and the reason says where it would be looked for.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

import pytest

ROOT = Path(__file__).resolve().parents[1]
LIST_FILE = Path("docs/features.toml")
STATES = ("works", "partly", "later", "no")
EXPECTED = {"feature": 200, "brief": 34}
NAMES = {"feature": "capability", "brief": "brief row"}
TEXTS = ("area", "capability", "state", "reason")
MISSING_DATA = "missing data"


@dataclass(frozen=True)
class Entry:
    """One `[[feature]]` or `[[brief]]` of the list; `features` are the capabilities that a brief row stands on."""

    kind: str
    number: int
    area: str
    capability: str
    state: str
    reason: str = ""
    tests: tuple[str, ...] = ()
    features: tuple[int, ...] = ()

    @property
    def label(self) -> str:
        """What messages call the entry."""
        return f"{NAMES[self.kind]} {self.number}"


@dataclass(eq=False)  # pytest keeps its plugins in a set
class Outcomes:
    """A pytest plugin that remembers what was collected and how each test ended, by node id."""

    collected: set[str] = field(default_factory=set)
    broken: set[str] = field(default_factory=set)
    passed: set[str] = field(default_factory=set)
    failed: set[str] = field(default_factory=set)
    skipped: dict[str, str] = field(default_factory=dict)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.collected.update(item.nodeid for item in session.items)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.broken.add(report.nodeid)
        elif report.skipped:
            self.skipped[report.nodeid] = _skip_reason(report)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if hasattr(report, "wasxfail") or report.failed:  # a test that is expected to fail shows nothing
            self.failed.add(report.nodeid)
        elif report.skipped:
            self.skipped[report.nodeid] = _skip_reason(report)
        elif report.when == "call":
            self.passed.add(report.nodeid)


def _skip_reason(report: pytest.CollectReport | pytest.TestReport) -> str:
    text = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return text.removeprefix("Skipped: ")


def read_list(path: Path) -> tuple[list[Entry], list[str]]:
    """Return the entries of the list and what is wrong with their form; an entry of wrong form is left out."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return [], [f"{path} is missing."]
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        return [], [f"{path} is not a TOML file: {error}."]
    problems = [f"{key} is unknown; allowed are [[feature]] and [[brief]]." for key in document if key not in NAMES]
    entries: list[Entry] = []
    for kind in NAMES:
        tables = document.get(kind, [])
        if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
            problems.append(f"{kind} must be written as tables [[{kind}]].")
            continue
        for place, table in enumerate(tables, start=1):
            wrong = list(_wrong_form(kind, table))
            problems += [f"[[{kind}]] {table.get('number', '?')} (entry {place}): {text}" for text in wrong]
            if not wrong:
                entries.append(_entry(kind, table))
    return entries, problems


def _entry(kind: str, table: dict[str, Any]) -> Entry:
    texts = {key: table.get(key, "") for key in TEXTS}
    return Entry(kind, table["number"], tests=tuple(table.get("tests", ())), features=tuple(table.get("features", ())), **texts)


def _wrong_form(kind: str, table: dict[str, Any]) -> Iterable[str]:
    lists = {"tests": str, "features": int} if kind == "brief" else {"tests": str}
    allowed = ("number", *TEXTS, *lists)
    for key in table.keys() - set(allowed):
        yield f"{key} is unknown; allowed are {', '.join(allowed)}."
    if type(table.get("number")) is not int:
        yield "number must be a whole number."
    for key in TEXTS:
        value = table.get(key, "" if key == "reason" else None)
        if not isinstance(value, str) or (key != "reason" and not value.strip()):
            yield f"{key} must be a text that is not empty."
    for key, kind_of in lists.items():
        value = table.get(key, [])
        if not isinstance(value, list) or any(type(item) is not kind_of for item in value):
            yield f"{key} must be a list of {'texts' if kind_of is str else 'whole numbers'}."


def check(entries: Sequence[Entry]) -> list[str]:
    """Return what is wrong with the list as a whole, a sentence each; nothing when it keeps every rule."""
    problems: list[str] = []
    for kind, size in EXPECTED.items():
        counted = Counter(entry.number for entry in entries if entry.kind == kind)
        problems += [f"{NAMES[kind]} {n} is listed {times} times." for n, times in sorted(counted.items()) if times > 1]
        problems += [f"{NAMES[kind]} {n} is missing." for n in range(1, size + 1) if n not in counted]
        problems += [f"{NAMES[kind]} {n} is not one of 1 to {size}." for n in sorted(counted) if not 1 <= n <= size]
    states = {entry.number: entry.state for entry in entries if entry.kind == "feature"}
    for entry in entries:
        problems += [f"{entry.label}: {text}" for text in _broken_rules(entry, states)]
    return problems


def _broken_rules(entry: Entry, states: dict[int, str]) -> Iterable[str]:
    if entry.state not in STATES:
        yield f"the state {entry.state!r} is unknown; allowed are {', '.join(STATES)}."
        return
    if entry.state == "works" and entry.reason:
        yield "works needs no reason; remove it, or say partly."
    if entry.state != "works" and not entry.reason.strip():
        yield f"the state {entry.state} needs a reason."
    if entry.state in ("works", "partly") and not entry.tests:
        yield f"the state {entry.state} needs at least one test."
    yield from (f"{test} is named twice." for test, times in Counter(entry.tests).items() if times > 1)
    yield from (f"{test} is not written as file.py::test_name." for test in entry.tests if ".py::" not in test)
    if entry.kind == "brief":
        if not entry.features:
            yield "features must name the capabilities it stands on."
        yield from (f"capability {n}, on which it stands, is not listed." for n in entry.features if n not in states)
        if entry.state == "works":
            unbuilt = [n for n in entry.features if states.get(n) in ("later", "no")]
            yield from (f"works, but capability {n}, on which it stands, is {states[n]}." for n in unbuilt)


def named_tests(entries: Iterable[Entry]) -> dict[str, list[Entry]]:
    """Return test name -> the entries that it shows, in the order of the names."""
    named: dict[str, list[Entry]] = {}
    for entry in entries:
        for test in entry.tests:
            named.setdefault(test, []).append(entry)
    return dict(sorted(named.items()))


def missing_tests(root: Path, tests: Sequence[str]) -> dict[str, str]:
    """Return test name -> why pytest does not find it, for the tests that do not exist; nothing is run."""
    present = [name for name in sorted({test.partition("::")[0] for test in tests}) if (root / name).is_file()]
    outcomes = Outcomes()
    if present:
        with contextlib.redirect_stdout(io.StringIO()):
            _pytest(root, present, outcomes, "--collect-only")
    missing: dict[str, str] = {}
    for test in tests:
        name = test.partition("::")[0]
        if name not in present:
            missing[test] = "is in a file that does not exist"
        elif name in outcomes.broken:
            missing[test] = "is in a file that pytest cannot load; run pytest on it to see why"
        elif name in outcomes.skipped:  # pytest refuses to be asked for a test inside such a file
            missing[test] = f"is in a file that skips itself ({outcomes.skipped[name]}); let its tests skip one by one"
        elif not _nodes(test, outcomes.collected):
            missing[test] = "does not exist: its file holds no test of that name"
    return missing


def failing_tests(root: Path, tests: Sequence[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Run exactly these tests, once; return why a test shows nothing, and what data a test could not find, by name."""
    outcomes = Outcomes()
    if tests:
        _pytest(root, tests, outcomes, "--tb=short")
    failing: dict[str, str] = {}
    without_data: dict[str, str] = {}
    for test in tests:
        skipped = {node: outcomes.skipped[node] for node in _nodes(test, outcomes.skipped)}
        refused = [reason for reason in skipped.values() if not reason.lower().startswith(MISSING_DATA)]
        if _nodes(test, outcomes.failed):
            failing[test] = "fails"
        elif refused:
            failing[test] = f"is skipped: {refused[0]}"
        elif skipped:
            without_data[test] = next(iter(skipped.values()))
        elif not _nodes(test, outcomes.passed):
            failing[test] = "did not run"
    return failing, without_data


def _nodes(test: str, nodes: Iterable[str]) -> list[str]:
    """Return the node ids that a name stands for: the test itself, or all its parametrised cases."""
    return [node for node in nodes if node == test or node.startswith(f"{test}[")]


def _pytest(root: Path, names: Sequence[str], outcomes: Outcomes, *options: str) -> None:
    # An empty -m undoes a selection by mark in the project's options: a test that is named here is run.
    common = ("--rootdir", str(root), "-p", "no:cacheprovider", "-q", "--no-header", "-m", "")
    code = pytest.main([*common, *options, *(str(root / name) for name in names)], plugins=[outcomes])
    if code == pytest.ExitCode.INTERNAL_ERROR:
        raise RuntimeError("pytest itself failed; run it on the named tests to see why")


def area_table(entries: Iterable[Entry], kind: str, failing: set[str]) -> list[str]:
    """Return a table's lines: how many entries of each area are in which state, or have a failing test."""
    areas: dict[str, Counter[str]] = {}
    for entry in entries:
        if entry.kind == kind:
            areas.setdefault(entry.area, Counter())[_shown_state(entry, failing)] += 1
    heads = (*STATES, "failing") if failing else STATES
    width = max([len(name) for name in areas] + [len("all")])
    lines = [f"{'area':{width}}  " + "  ".join(f"{head:>7}" for head in (*heads, "all"))]
    total: Counter[str] = Counter()
    for name, counts in areas.items():
        total.update(counts)
        lines.append(_row(name, width, counts, heads))
    return [*lines, _row("all", width, total, heads)]


def _row(name: str, width: int, counts: Counter[str], heads: Sequence[str]) -> str:
    return f"{name:{width}}  " + "  ".join(f"{number:7}" for number in (*(counts[h] for h in heads), counts.total()))


def _shown_state(entry: Entry, failing: set[str]) -> str:
    return "failing" if failing.intersection(entry.tests) else entry.state


def last_line(entries: Sequence[Entry], failing: set[str]) -> str:
    """Return `n of 200 capabilities work (p partly), m of 34 brief rows`, those with a failing test left out."""
    counted = Counter((entry.kind, _shown_state(entry, failing)) for entry in entries)
    capabilities = f"{counted['feature', 'works']} of {EXPECTED['feature']} capabilities work"
    brief = f"{counted['brief', 'works']} of {EXPECTED['brief']} brief rows"
    return f"{capabilities} ({counted['feature', 'partly']} partly), {brief}"


def listing(entries: Iterable[Entry]) -> list[str]:
    """Return the lines that show each entry: number, state and sentence, and below it the reason and the tests."""
    lines: list[str] = []
    heading = ""
    for entry in entries:
        above, heading = heading, f"{NAMES[entry.kind]}: {entry.area}"
        lines += ["", heading] if heading != above else []
        lines.append(f"  {entry.number:3}  {entry.state:6}  {entry.capability}")
        lines += [f"{'':15}{text}" for text in (entry.reason, *entry.tests) if text]
    return lines


def main(arguments: Sequence[str] | None = None) -> int:
    """Return exit code 0: every claim is shown; 1: a test is missing or shows nothing; 2: the list breaks a rule."""
    parser = argparse.ArgumentParser(prog="features", description=f"Check {LIST_FILE} against the tests it names.")
    parser.add_argument("--list", action="store_true", help="print the list and check it, without running the tests")
    parser.add_argument("--root", type=Path, default=ROOT, help="folder of the project (default: this one)")
    options = parser.parse_args(arguments)
    root: Path = options.root.resolve()
    entries, problems = read_list(root / LIST_FILE)
    problems += [] if problems else check(entries)
    if problems:
        _say(sys.stderr, *problems, f"{LIST_FILE} is not as it should be: mend the above and run again.")
        return 2
    named = named_tests(entries)
    failing = missing_tests(root, list(named))
    without_data: dict[str, str] = {}
    if options.list:
        _say(sys.stdout, *listing(entries), "")
    else:
        failed, without_data = failing_tests(root, [test for test in named if test not in failing])
        failing |= failed
    _say(sys.stdout, *area_table(entries, "feature", set(failing)), "", *area_table(entries, "brief", set(failing)), "")
    _say(sys.stdout, *(f"not shown here, {reason}: {test}" for test, reason in without_data.items()))
    for test, reason in failing.items():
        _say(sys.stderr, f"{test} {reason}; named by {', '.join(entry.label for entry in named[test])}.")
    _say(sys.stdout, last_line(entries, set(failing)))
    return 1 if failing else 0


def _say(stream: TextIO, *lines: str) -> None:
    stream.writelines(f"{line}\n" for line in lines)
    stream.flush()


if __name__ == "__main__":
    sys.exit(main())
