"""The rules of docs/features.toml, and what its program does with tests that fail, are skipped or do not exist."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from cdp_assets_tests.features import LIST_FILE, ROOT, Entry, area_table, check, last_line, read_list

TESTS = """
from pathlib import Path

import pytest

def test_right(): pass

def test_wrong(): assert False

@pytest.mark.parametrize("case", [1, 2])
def test_cases(case): pass

@pytest.mark.parametrize("case", [1, 2])
def test_one_case_wrong(case): assert case == 1

def test_without_data(): pytest.skip("missing data: the sample is not in SAMPLES")

def test_not_today(): pytest.skip("too slow")

@pytest.mark.xfail(reason="known")
def test_known_wrong(): assert False

@pytest.fixture
def broken(): raise OSError

def test_broken_fixture(broken): pass

def test_counts_its_runs():
    with Path(__file__).with_name("runs.txt").open("a") as runs: runs.write("x")
"""


def feature(number: int = 1, state: str = "later", reason: str = "comes later", tests: tuple[str, ...] = ()) -> Entry:
    return Entry("feature", number, "Sources", "Files are read.", state, reason, tests)


def brief(number: int = 1, state: str = "later", reason: str = "comes later", tests: tuple[str, ...] = ()) -> Entry:
    return replace(feature(number, state, reason, tests), kind="brief", features=(1,))


def full_list(*changed: Entry) -> list[Entry]:
    """Return a list of the right size in which these entries stand in the place of their namesakes."""
    entries = [*(feature(number) for number in range(1, 201)), *(brief(number) for number in range(1, 35))]
    new = {(entry.kind, entry.number): entry for entry in changed}
    return [new.get((entry.kind, entry.number), entry) for entry in entries]


def written(entry: Entry) -> str:
    features = f"features = {list(entry.features)}\n" if entry.kind == "brief" else ""
    return (
        f"[[{entry.kind}]]\nnumber = {entry.number}\narea = '{entry.area}'\n"
        f"capability = '{entry.capability}'\n{features}"
        f"state = '{entry.state}'\nreason = '{entry.reason}'\ntests = {list(entry.tests)}\n"
    )


def run(root: Path, *changed: Entry, options: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    """Run the program on a small project of its own: a full list with these entries, and TESTS as its tests."""
    (root / LIST_FILE).parent.mkdir(exist_ok=True)
    (root / LIST_FILE).write_text("\n".join(written(entry) for entry in full_list(*changed)))
    (root / "tests").mkdir(exist_ok=True)
    (root / "tests" / "conftest.py").write_text("import pytest\n")  # with one, pytest copies its list of plugins
    (root / "tests" / "test_below.py").write_text("def test_below(): pass\n")
    (root / "test_small.py").write_text(TESTS)
    (root / "test_unloadable.py").write_text("import no_such_module\n\ndef test_never(): pass\n")
    (root / "test_whole.py").write_text("import pytest\n\npytest.skip('not here', allow_module_level=True)\n")
    command = [sys.executable, "-m", "cdp_assets_tests.features", "--root", str(root), *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def shown_by(test: str, number: int = 1) -> Entry:
    return feature(number, "works", "", (test,))


def test_the_list_of_this_project_keeps_every_rule() -> None:
    entries, problems = read_list(ROOT / LIST_FILE)
    assert problems == []
    assert check(entries) == []


def test_a_full_list_keeps_every_rule() -> None:
    assert check(full_list(shown_by("test_a.py::test_x"), brief(1, "partly", "half", ("test_a.py::test_x",)))) == []


@pytest.mark.parametrize(
    ("entries", "problem"),
    [
        ([entry for entry in full_list() if entry != feature(2)], "capability 2 is missing."),
        (full_list()[:-1], "brief row 34 is missing."),
        ([*full_list(), feature(7)], "capability 7 is listed 2 times."),
        ([*full_list(), feature(201)], "capability 201 is not one of 1 to 200."),
        (
            full_list(feature(3, "done")),
            "capability 3: the state 'done' is unknown; allowed are works, partly, later, no.",
        ),
        (full_list(feature(3, "no", " ")), "capability 3: the state no needs a reason."),
        (full_list(feature(3, "works", "", ())), "capability 3: the state works needs at least one test."),
        (full_list(brief(3, "partly", "half")), "brief row 3: the state partly needs at least one test."),
        (
            full_list(feature(3, "works", "half", ("a.py::t",))),
            "capability 3: works needs no reason; remove it, or say partly.",
        ),
        (full_list(feature(3, tests=("a.py::t", "a.py::t"))), "capability 3: a.py::t is named twice."),
        (full_list(feature(3, tests=("test_x",))), "capability 3: test_x is not written as file.py::test_name."),
        (full_list(replace(brief(3), features=())), "brief row 3: features must name the capabilities it stands on."),
        (
            full_list(replace(brief(3), features=(999,))),
            "brief row 3: capability 999, on which it stands, is not listed.",
        ),
        (
            full_list(brief(3, "works", "", ("a.py::t",))),
            "brief row 3: works, but capability 1, on which it stands, is later.",
        ),
    ],
)
def test_a_broken_rule_is_one_sentence(entries: list[Entry], problem: str) -> None:
    assert check(entries) == [problem]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[[feature]\n", "is not a TOML file"),
        ("[[features]]\n", "features is unknown; allowed are [[feature]] and [[brief]]."),
        ("[feature]\n", "feature must be written as tables [[feature]]."),
        ("feature = [1]\n", "feature must be written as tables [[feature]]."),
        (written(feature(4)) + "test = []\n", "[[feature]] 4 (entry 1): test is unknown; allowed are number, area,"),
        (written(feature(4)).replace("'Sources'", "''"), "area must be a text that is not empty."),
        (written(feature(4)).replace("number = 4", "number = true"), "number must be a whole number."),
        (written(feature(4)).replace("tests = []", "tests = 'a'"), "tests must be a list of texts."),
        (written(brief(4)).replace("[1]", "['1']"), "features must be a list of whole numbers."),
    ],
)
def test_a_wrong_form_is_named(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "features.toml"
    path.write_text(text)
    entries, problems = read_list(path)
    assert entries == []
    assert len(problems) == 1
    assert problem in problems[0]


def test_a_missing_list_is_named(tmp_path: Path) -> None:
    assert read_list(tmp_path / "features.toml") == ([], [f"{tmp_path / 'features.toml'} is missing."])


def test_the_table_counts_states_by_area() -> None:
    entries = [shown_by("a.py::t"), feature(2), replace(feature(3), area="Ids")]
    assert [line.split() for line in area_table(entries, "feature", set())] == [
        ["area", "works", "partly", "later", "no", "all"],
        ["Sources", "1", "0", "1", "0", "2"],
        ["Ids", "0", "0", "1", "0", "1"],
        ["all", "1", "0", "2", "0", "3"],
    ]


def test_what_a_failing_test_should_show_does_not_count() -> None:
    entries = [shown_by("a.py::t"), shown_by("a.py::u", 2), feature(3, "partly", "half", ("a.py::u",))]
    assert last_line(entries, set()) == "2 of 200 capabilities work (1 partly), 0 of 34 brief rows"
    assert last_line(entries, {"a.py::u"}) == "1 of 200 capabilities work (0 partly), 0 of 34 brief rows"
    assert area_table(entries, "feature", {"a.py::u"})[-1].split() == ["all", "1", "0", "0", "0", "2", "3"]


def test_claims_whose_tests_pass_count_and_each_test_runs_once(tmp_path: Path) -> None:
    once = "test_small.py::test_counts_its_runs"
    partly = feature(4, "partly", "half", ("test_small.py::test_cases[1]",))
    row = brief(1, "works", "", (once,))
    done = run(tmp_path, shown_by(once), shown_by(once, 2), shown_by("test_small.py::test_cases", 3), partly, row)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "3 of 200 capabilities work (1 partly), 1 of 34 brief rows"
    assert (tmp_path / "runs.txt").read_text() == "x"


def test_a_test_that_shows_nothing_is_said_with_what_it_should_show(tmp_path: Path) -> None:
    wrong = {
        "test_small.py::test_wrong": "fails",
        "test_small.py::test_one_case_wrong": "fails",
        "test_small.py::test_known_wrong": "fails",
        "test_small.py::test_broken_fixture": "fails",
        "test_small.py::test_not_today": "is skipped: too slow",
        "test_whole.py::test_any": "is in a file that skips itself (not here); let its tests skip one by one",
        "test_small.py::test_cas": "does not exist: its file holds no test of that name",
        "test_small.py::test_cases[3]": "does not exist: its file holds no test of that name",
        "test_gone.py::test_right": "is in a file that does not exist",
        "test_unloadable.py::test_never": "is in a file that pytest cannot load; run pytest on it to see why",
    }
    right = shown_by("test_small.py::test_right", 20)
    done = run(tmp_path, right, *(shown_by(test, number) for number, test in enumerate(wrong, start=1)))
    expected = {f"{test} {why}; named by capability {number}." for number, (test, why) in enumerate(wrong.items(), start=1)}
    assert done.returncode == 1
    assert set(done.stderr.splitlines()) == expected
    assert done.stdout.splitlines()[-1] == "1 of 200 capabilities work (0 partly), 0 of 34 brief rows"


def test_a_test_below_a_conftest_is_found(tmp_path: Path) -> None:
    done = run(tmp_path, shown_by("tests/test_below.py::test_below"))
    assert (done.returncode, done.stderr) == (0, "")


def test_a_skip_for_missing_data_is_printed_and_counts(tmp_path: Path) -> None:
    done = run(tmp_path, shown_by("test_small.py::test_without_data"))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-2:] == [
        "not shown here, missing data: the sample is not in SAMPLES: test_small.py::test_without_data",
        "1 of 200 capabilities work (0 partly), 0 of 34 brief rows",
    ]


def test_the_list_option_runs_nothing_and_says_which_tests_do_not_exist(tmp_path: Path) -> None:
    there, gone = shown_by("test_small.py::test_counts_its_runs"), shown_by("test_small.py::test_gone", 2)
    done = run(tmp_path, there, gone, options=("--list",))
    assert done.stdout.splitlines()[1:4] == [
        "capability: Sources",
        "    1  works   Files are read.",
        "               test_small.py::test_counts_its_runs",
    ]
    assert done.returncode == 1
    assert done.stderr.startswith("test_small.py::test_gone does not exist")
    assert not (tmp_path / "runs.txt").exists()


def test_a_list_that_breaks_a_rule_runs_nothing(tmp_path: Path) -> None:
    done = run(tmp_path, feature(1, "no", ""), shown_by("test_small.py::test_counts_its_runs", 2))
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "capability 1: the state no needs a reason.",
        "docs/features.toml is not as it should be: mend the above and run again.",
    ]
    assert not (tmp_path / "runs.txt").exists()
