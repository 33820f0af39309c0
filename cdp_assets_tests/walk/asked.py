"""What these tests ask of the lake and of the demo's truth, which the product never reads."""

from cdp_assets.config import Project
from cdp_assets_tests.projects import query

# Who the records of the truth belong to here: person_id, customer_id.
OWNERS = """
    select distinct t.person_id, k.customer_id
    from {records} t join alternate_keys k on k.kind = 'record' and k.source = t.source and k.record_key = t.key
"""
COMPANY_ACCOUNTS = """
    select distinct t.company_id, k.account_id
    from {companies} t join account_keys k on k.source = t.source and k.record_key = t.key
"""


def truth(project: Project, name: str) -> str:
    return f"read_parquet('{project.folder / 'truth' / name}.parquet')"


def owners(project: Project) -> str:
    return OWNERS.format(records=truth(project, "records"))


def together(project: Project) -> str:
    """Persons who share a customer with somebody else: wrong merges, as of two of a household with similar names."""
    shared = f"select customer_id from ({owners(project)}) group by all having count(*) > 1"
    return f"select person_id from ({owners(project)}) where customer_id in ({shared})"


def company_accounts(project: Project) -> str:
    return COMPANY_ACCOUNTS.format(companies=truth(project, "companies"))


def differences(project: Project, left: str, right: str) -> list[tuple[object, ...]]:
    """Rows of one query that the other does not have, in both directions, as often as they are there."""
    return query(project, f"(({left}) except all ({right})) union all (({right}) except all ({left}))")


def number(project: Project, sql: str) -> int:
    [(value,)] = query(project, sql)
    assert isinstance(value, int)
    return value
