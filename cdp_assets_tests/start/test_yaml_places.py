"""Where more fields of a source are put into a cdp.yaml, and that nothing else of its text changes."""

import re

import pytest

from cdp_assets.config.document import read_document
from cdp_assets.start.yaml_places import with_fields

FLOWING, LINES = ["city: location.city", "note: text"], ["      city: location.city  # 9 cities", "      note: text"]
PLACES = {
    "below the last field": """
sources:
  crm:
    fields:  # ours
      mail: identity.email  # as is[
      city: location.city  # 9 cities
      note: text]
      # later: text
    files: 'crm.csv'   # all
""",
    "below a field of several lines, without a final newline": """
sources:
    crm:
        fields:
            born:
                type: person.birth_date
                format: "%d"[
            city: location.city  # 9 cities
            note: text]""",
    "behind the last in brackets": """
sources:
  crm: {fields: {mail: 'identity.email'[, city: location.city, note: text],}, files: crm.csv}  # one
""",
    "in brackets of several lines": """
sources:
  crm:
    fields: {mail: identity.email,
             who: text[, city: location.city, note: text]  # a comment
            }
""",
    "in empty brackets": """
sources:
  crm:
    fields: {[city: location.city, note: text]}
""",
    "where there are no fields yet": """
sources:
  crm:
    where:
    - {field: a}
    about: |
      two
      lines[
    fields:
      city: location.city  # 9 cities
      note: text]

  # next
  shop: {}
""",
    "where there are no fields yet, in brackets": """
sources: {crm: {files: crm.csv[, fields: {city: location.city, note: text}]}}
""",
    "where fields is empty": """
sources:
  crm:
    fields:  # none[
      city: location.city  # 9 cities
      note: text]
    files: crm.csv
""",
    "where a value is shared with another source": """
sources:
  crm:
    fields:
      born: &day {type: date, format: '%d'}
      since: *day[
      city: location.city  # 9 cities
      note: text]
  shop: {fields: {born: *day}}
""",
}
"""In [ and ] stands what is added."""


@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize("place", PLACES)
def test_fields_are_put_where_they_belong_and_all_else_stays(place: str, newline: str) -> None:
    marked = PLACES[place].replace("\n", newline)
    before, after = re.sub(r"\[.*?\]", "", marked, flags=re.DOTALL), marked.replace("[", "").replace("]", "")
    assert with_fields(before, "crm", FLOWING, LINES) == after
    document, wrong = read_document(after.encode())
    assert wrong == []
    assert document.data["sources"]["crm"]["fields"]["note"] == "text"


def test_many_fields_in_brackets_are_broken_into_lines() -> None:
    pairs = [f"column_{number}: text" for number in range(30)]
    made = with_fields("sources:\n  crm:\n    fields: {mail: identity.email}\n", "crm", pairs, [])
    assert made is not None
    assert max(map(len, made.splitlines())) <= 118
    assert len(read_document(made.encode())[0].data["sources"]["crm"]["fields"]) == 31


@pytest.mark.parametrize(
    "text",
    [
        "sources:\n  shop: {fields: &its {mail: identity.email}}\n  crm: {fields: *its}\n",
        "sources:\n  shop: &its {fields: {mail: identity.email}}\n  crm: *its\n",
        "sources:\n  shop: {}\n",
    ],
    ids=["fields behind an alias", "the source behind an alias", "no such source"],
)
def test_there_is_no_place_behind_an_alias(text: str) -> None:
    assert with_fields(text, "crm", FLOWING, LINES) is None
