"""The figures of unification, counted by hand on the few people of a small world."""

from pathlib import Path

import pytest

from cdp_assets.config import Project
from cdp_assets_tests.identity.explain.world import CONFIG, FILES, unified
from cdp_assets_tests.projects import query, run_up_to


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    made = unified(tmp_path_factory.mktemp("world"))
    list(run_up_to(made, "unification_statistics"))
    return made


def figures(project: Project, step: str) -> dict[tuple[str, str], int]:
    rows = query(project, f"select figure, subject, value from unification_statistics where step = '{step}' and value > 0")
    return {(str(figure), str(subject)): int(str(value)) for figure, subject, value in rows}


def test_fields_with_a_semantic_type_are_counted_apart_from_those_without(project: Project) -> None:
    found = figures(project, "fields")
    assert (found["mapped", "crm"], found["unmapped", "crm"]) == (3, 1)
    assert (found["mapped", "shop"], found["unmapped", "shop"]) == (3, 1)  # the key is text
    assert ("mapped", "web") not in found


def test_duplicates_are_counted_by_source_and_rule(project: Project) -> None:
    found = figures(project, "duplicates")
    assert (found["source rows", "crm"], found["unique records", "crm"], found["duplicates", "crm"]) == (4, 3, 1)
    assert found["pairs in crm", "same mail"] == 1
    assert found["unique records", "shop"] == 3
    assert ("duplicates", "shop") not in found


def test_matches_are_counted_by_source_and_rule(project: Project) -> None:
    found = figures(project, "matches")
    # Ann with c1, c2, l1, s1; Bob with c3, s2, v1, v3; and c4, l2, l3, the odd key, x1 and v2 alone
    assert (found["groups", "all"], found["groups of several sources", "all"], found["known visitors", "all"]) == (8, 2, 2)
    assert (found["records", "shop"], found["matched", "shop"]) == (3, 2)
    assert (found["found by rule", "mail of loyalty"], found["matched by rule", "mail of loyalty"]) == (2, 1)


def test_evidence_is_counted_by_status_and_reason(project: Project) -> None:
    found = figures(project, "evidence")
    edges = {str(status): int(str(n)) for status, n in query(project, "select status, count(*) from match_edges group by status")}
    assert {status: found["pairs", status] for status in edges} == edges
    assert found["refused", "an earlier rule matched"] == 1


def test_profiles_and_the_sizes_of_groups_are_counted(project: Project) -> None:
    found = figures(project, "profiles")
    assert found["profiles", "all"] == 8
    assert (found["groups of so many", "1"], found["groups of so many", "4"]) == (6, 2)
    fields = [found[f"{kind} fields", "all"] for kind in ("combined", "individual")]
    assert fields == [3, 5]  # names, mails and birth dates; four keys and the postcode

    assert figures(project, "ids")["held", "all"] == 8


def test_the_groups_of_profiles_add_up_to_the_profiles_and_the_others_are_left_out(tmp_path: Path) -> None:
    project = unified(tmp_path, CONFIG.replace("primary_key: account,", "primary_key: account, include_all_records: false,"))
    list(run_up_to(project, "unification_statistics"))
    found = figures(project, "profiles")
    assert sum(value for (figure, _), value in found.items() if figure == "groups of so many") == found["profiles", "all"] == 7
    assert found["groups left out", "all"] == 1  # the odd key of shop
    assert figures(project, "matches")["groups", "all"] == 8


def test_the_same_input_gives_no_new_version(tmp_path: Path) -> None:
    project = unified(tmp_path)
    *_, first = run_up_to(project, "unification_statistics")
    (tmp_path / "shop.csv").write_text(FILES["shop.csv"])
    *_, second = run_up_to(project, "unification_statistics")
    assert (first.version, second.version, second.unchanged) == (0, 0, True)


def test_a_project_without_rules_between_sources_has_statistics_too(tmp_path: Path) -> None:
    config = CONFIG.split("  loyalty:")[0] + "customers: {match_order: [crm]}\n"
    project = unified(tmp_path, config)
    *_, made = run_up_to(project, "unification_statistics")
    assert made.rows > 0
    assert figures(project, "matches") == {("groups", "all"): 4, ("records", "crm"): 4}
