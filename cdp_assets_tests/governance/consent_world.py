"""Two sources of people and two of consents, small enough to say of each statement whose it is."""

from typing import Any

from cdp_assets.config import ProjectConfig, parse_config
from cdp_assets.governance import consents
from cdp_assets.governance.tables import CONSENT_STATEMENTS
from cdp_assets.lake import AS_OF
from cdp_assets.sources.tables import table_of
from cdp_assets.unify.deduplicated_tables import deduplicated
from cdp_assets.unify.tables import ALTERNATE_KEYS
from cdp_assets_tests.support import run_stages

CONFIG = """
version: 1
sources:
  crm: {files: crm.csv, primary_key: id, fields: {id: integer, mail: identity.email, work_mail: identity.email, phone: identity.phone}}
  loyalty: {files: loyalty.csv, primary_key: card, fields: {e_mail: identity.email}}
  newsletter: {kind: consents, files: n.csv, person: {address: identity.email}}
  letters: {kind: consents, files: l.csv, person: {address: identity.email, number: identity.phone, contact: crm.id}}
customers:
  match_order: [crm, loyalty]
  match: [{name: mail, left: crm, right: loyalty, all: [{field: {left: mail, right: e_mail}}]}]
"""

RECORDS = """
    record_key | is_winner | source_file | source_line | id | mail       | work_mail | phone
    1          | true      | crm.csv     | 2           | 1  | ann@x.org  | ann@w.org | +49 30 12
    2          | false     | crm.csv     | 3           | 2  | ann2@x.org |           |              # a duplicate of 1
    3          | true      | crm.csv     | 4           | 3  | fam@x.org  |           | +49 (30) 99
    4          | true      | crm.csv     | 5           | 4  | fam@x.org  |           |
    5          | true      | crm.csv     | 6           | 5  | no@x.org   |           |              # in no profile
"""
CARDS = """
    record_key | is_winner | source_file | source_line | e_mail
    c          | true      | l.csv       | 2           | cid@x.org
"""
KEYS = """
    source  | record_key | customer_id | kind
    crm     | 1          | ann         | record
    crm     | 2          | ann         | record
    crm     | 3          | fay         | record
    crm     | 4          | finn        | record
    loyalty | c          | cid         | record
    web     | 1          | someone     | visitor
"""


def config() -> ProjectConfig:
    return parse_config(CONFIG)


def statements(newsletter: str = "", letters: str = "", called: str = "newsletter") -> list[dict[str, Any]]:
    """The rows of consent_statements, from the lines of both sources, numbered from 2; the first source is `called` so.

    A line of `newsletter` is `address | purpose | given | at`, one of `letters` `address | number | contact | purpose | given | at`.
    """
    its = parse_config(CONFIG.replace("newsletter", called))

    def table(name: str, header: str, lines: str) -> Any:
        rows = [line for line in lines.strip().splitlines() if line.strip()]
        text = "\n".join([f"source_file | source_line | {header}", *(f"{name}.csv | {n} | {row}" for n, row in enumerate(rows, start=2))])
        return text, table_of(name, its.sources[name])

    first: dict[str, Any] = {called: table(called, "address | purpose | given | at", newsletter)}
    return run_stages(
        consents.statement_stages(its),
        **first,
        letters=table("letters", "address | number | contact | purpose | given | at", letters),
        deduplicated_crm=(RECORDS, deduplicated(its, "crm")),
        deduplicated_loyalty=(CARDS, deduplicated(its, "loyalty")),
        alternate_keys=(KEYS, ALTERNATE_KEYS),
    )


def standing(statements_: str) -> dict[tuple[str, str], tuple[bool, str | None, int, bool]]:
    """(customer, purpose) -> (given, at, statements, contradicted), on 2024-06-30.

    A line is `source | value | customer_id | purpose | given | at`.
    """
    header = "source_file | source_line | nth | identifier | source | value | customer_id | purpose | given | at"
    rows = [line for line in statements_.strip().splitlines() if line.strip()]
    text = "\n".join([header, *(f"f.csv | {n} | 1 | identity.email | {row}" for n, row in enumerate(rows, start=2))])
    inputs = {"consent_statements": (text, CONSENT_STATEMENTS), AS_OF.name: ("day\n2024-06-30", AS_OF)}
    found = run_stages(consents.consent_stages(), **inputs)
    return {
        (row["customer_id"], row["purpose"]): (
            row["given"],
            f"{row['at']:%Y-%m-%d}" if row["at"] else None,
            row["statements"],
            row["contradicted"],
        )
        for row in found
    }
