"""Real input: Microsoft's public sample of contacts and loyalty customers. The loyalty file holds the true contact, as a test only."""

import shutil
from datetime import date
from pathlib import Path
from typing import NamedTuple

import duckdb
import pytest

from cdp_assets.config import load_project
from cdp_assets.lake import Place, Run
from cdp_assets.orchestration.catalogue import steps_of
from cdp_assets_tests.contoso import CONTACT, LOYALTY, MISSING, SAMPLE, THERE
from cdp_assets_tests.projects import run_steps

FILES = (CONTACT, LOYALTY)

pytestmark = [pytest.mark.pipeline, pytest.mark.skipif(not THERE, reason=MISSING)]

PROJECT = """
version: 1
sources:
  contact:
    files: Contact.csv
    primary_key: contact_id
    fields:
      contact_id: {type: identity.id, column: ContactId}
      full_name: {type: person.full_name, column: FullName}
      email: {type: identity.email, column: EMail}
      birth_date: {type: person.birth_date, column: DateOfBirth, format: "%m/%d/%Y"}
  loyalty:
    files: Customer-Loyalty.csv
    primary_key: loyalty_id
    fields:
      loyalty_id: {type: identity.id, column: LoyaltyId}
      full_name: {type: person.full_name, column: FullName}
      email: {type: identity.email, column: EMail}
      birth_date: {type: person.birth_date, column: DateOfBirth}
customers:
  match_order: [contact, loyalty]
  match:
"""
MAIL = "    - {name: e-mail, left: contact, right: loyalty, all: [{field: email, normalise: [lower, whitespace]}]}\n"
NAME_AND_MAIL = """
    - name: name and e-mail
      left: contact
      right: loyalty
      all: [{field: full_name, as: name, precision: high}, {field: email, normalise: [lower, whitespace], precision: high}]
"""
AS_WRITTEN = NAME_AND_MAIL.replace("as: name", "as: text, normalise: [lower]")


class Result(NamedTuple):
    """What a set of rules found: loyalty records matched, of these wrong, and all wrong pairs, the refused ones too."""

    matched: int
    wrong: int
    wrong_pairs: int

    @property
    def precision(self) -> float:
        return (self.matched - self.wrong) / self.matched

    @property
    def recall(self) -> float:
        return (self.matched - self.wrong) / 5000  # two of the 5,002 have no contact

    @property
    def f1(self) -> float:
        return 2 * self.precision * self.recall / (self.precision + self.recall)


def run(folder: Path, label: str, rules: str) -> Result:
    """Sources to clusters in a project folder of its own; then, and only then, a look at the truth."""
    for file in FILES:
        shutil.copyfile(SAMPLE / file, folder / file)
    (folder / "cdp.yaml").write_text(PROJECT + rules)
    project = load_project(folder)
    a_run = Run(Place(project.store), "run", date(2026, 11, 20), memory=1 << 30)
    steps = {step.table.name: step for step in steps_of(project)}
    pairs = [f"duplicate_pairs_{source}" for source in ("contact", "loyalty") if f"duplicate_pairs_{source}" in steps]
    for name in ("contact", "loyalty", *pairs, "deduplicated_contact", "deduplicated_loyalty", "match_edges", "clusters"):
        steps[name].run(a_run)
    with duckdb.connect() as connection:
        connection.execute(f"create view edges as {a_run.read(steps['match_edges'].table).sql}")
        connection.execute(f"create view truth as select * from read_csv('{folder / FILES[1]}', all_varchar = true)")
        [found] = connection.execute(
            """
            select count(*) filter (status = 'joined'), count(*) filter (status = 'joined' and t.ContactId <> e.left_key),
                count(distinct (left_key, right_key)) filter (t.ContactId <> e.left_key)
            from edges as e join truth as t on t.LoyaltyId = e.right_key
            where e.kind = 'match'
            """
        ).fetchall()
    result = Result(*found)
    print(f"\n{label}: matched {result.matched / 5002:.2%}, wrong {result.wrong} (of all pairs {result.wrong_pairs}), "
          f"precision {result.precision:.5f}, recall {result.recall:.5f}, F1 {result.f1:.5f}")  # fmt: skip
    return result


def test_ordered_rules_find_every_loyalty_customer_who_has_a_contact(tmp_path: Path) -> None:
    result = run(tmp_path, "e-mail, then name and e-mail High", MAIL + NAME_AND_MAIL)
    assert result.matched / 5002 >= 0.998
    assert result.precision >= 0.9995
    assert result.f1 >= 0.999


def test_the_name_rule_alone_finds_nearly_all_whatever_the_order_of_words(tmp_path: Path) -> None:
    result = run(tmp_path, "name and e-mail High alone (names in any word order)", NAME_AND_MAIL)
    assert result.matched / 5002 >= 0.997
    assert result.wrong_pairs <= 2


def test_names_compared_as_they_are_written_find_less(tmp_path: Path) -> None:
    """The rule of the product's guide read word for word; the guide reports 92.6 %, with a name score it does not publish."""
    result = run(tmp_path, "the product's rule read literally (names as written, and e-mail High)", AS_WRITTEN)
    assert 0.6 < result.matched / 5002 < 0.926


@pytest.mark.parametrize(
    ("dedupe", "profiles"),
    [
        # without rules of their own the match rules hold inside the files too, and `name and e-mail`, which has no exact
        # condition, takes two strangers for one who have one first name and nearly one last name, in their addresses too
        ("", 5001),
        ("  dedupe: {contact: {rules: []}, loyalty: {rules: []}}\n", 5002),
    ],
)
def test_all_records_become_profiles(tmp_path: Path, dedupe: str, profiles: int) -> None:
    """From the two files to the published snapshot: 5,000 contacts, and two loyalty customers who have none."""
    for file in FILES:
        shutil.copyfile(SAMPLE / file, tmp_path / file)
    (tmp_path / "cdp.yaml").write_text(PROJECT + MAIL + NAME_AND_MAIL + dedupe)
    made = run_steps(load_project(tmp_path))
    assert (made["contact"].rows, made["loyalty"].rows, made["unified_profiles"].rows) == (5000, 5002, profiles)
    assert made["published_snapshot"].rows == profiles
