"""Consents of each person."""

import pytest

from cdp_assets.config import Project
from cdp_assets_tests.projects import query
from cdp_assets_tests.walk.asked import differences, number, owners, together, truth

pytestmark = pytest.mark.pipeline


def test_the_consents_of_each_person_are_what_the_truth_says(walk: Project) -> None:
    """Whose records are one customer, and whose customer is nobody else: the very same rows.

    Of a person whose records became several customers, each customer has heard only what was said for its own
    addresses; the most restrictive of them is the truth. A customer that is two persons has heard what both said: they
    are left out here, and counted.
    """
    two = together(walk)
    mine = f"select person_id, customer_id from ({owners(walk)}) where person_id not in ({two})"
    several = f"select person_id from ({mine}) group by person_id having count(*) > 1"
    true = f"select person_id, purpose, given from {truth(walk, 'consents')} where person_id not in ({two})"
    here = f"select person_id, purpose, given from ({mine}) join consents using (customer_id)"
    assert number(walk, f"select count(*) from ({two})") < 0.02 * number(walk, f"select count(distinct person_id) from ({owners(walk)})")
    assert differences(walk, f"{true} and person_id not in ({several})", f"{here} where person_id not in ({several})") == []
    strictest = f"select person_id, purpose, bool_and(given) from ({here}) group by all"
    assert differences(walk, true, strictest) == []
    split = number(walk, f"select count(*) from ({several})")
    more = number(walk, f"select count(*) from ({here}) h join ({true}) t using (person_id, purpose) where h.given <> t.given")
    print(f"\nconsents: {split} persons are several customers; {more} customers have a milder consent than their person")


def test_consents_that_contradict_each_other_count_as_refused(walk: Project) -> None:
    assert query(walk, "select distinct given from consents where contradicted") == [(False,)]
