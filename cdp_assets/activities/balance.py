"""What became of the rows and the money of the sources: blocking checks, and the balance that people can read."""

from cdp_assets.activities import given, nasty
from cdp_assets.activities.tables import ACTIVITY_TOTALS
from cdp_assets.activities.unified import END, kinds
from cdp_assets.config import ProjectConfig
from cdp_assets.lake import AS_OF, Check, Stage, everywhere, whole
from cdp_assets.lake.source import literal, name

_ANY_SIZE = 10**12  # rows are only counted and added up, so their number does not matter
_SUM = "coalesce(sum(amount), 0)"
_OWNERS = "count(distinct coalesce(customer_id, contact_id, account_id))"


def checks(config: ProjectConfig) -> list[Check]:
    """No row and no money is lost or made up, everything has one owner, and nothing is from the future."""
    found = kinds(config)
    lost = [f"abs({_rows(config, each)} - {_kept(each)} - {_left(each)})" for each in found.records]
    lost += [f"abs({_rows(config, each)} - {_kept(each)} - {_left(each)} - {_strangers(config, each)})" for each in found.events]
    money = [_money_differs(config, each) for each in found.records]
    owned = "(customer_id is not null)::int + (contact_id is not null)::int + (account_id is not null)::int <> 1"
    return [
        Check(
            "conservation",
            "rows of the sources = activities + rows in activity_quarantine + events of visitors without a profile",
            f"select {' + '.join(lost)}",
        ),
        Check(
            "money",
            "money of the sources = money of the activities + money in activity_quarantine, to the hundredth; counts those that differ",
            f"select {' + '.join(money) or '0'}",
        ),
        Check(
            "one_owner",
            "an activity is a customer's, a contact's or an account's",
            f"select count(*) from unified_activities where {owned}",
        ),
        Check("not_after_as_of", "no activity is after the day of the run", f"select count(*) from unified_activities where time >= {END}"),
    ]


def stages(config: ProjectConfig) -> list[Stage]:
    """Reads the sources, both tables, the keys of visitors and AS_OF; writes ACTIVITY_TOTALS."""
    found = kinds(config)
    names = [*dict.fromkeys(its.source for its in config.activities.values()), "unified_activities", "activity_quarantine"]
    if found.events:
        names.append("alternate_keys")
    body = " union all ".join(_totals(config, each, events=each in found.events) for each in config.activities)
    meets = {**dict.fromkeys(names, whole(_ANY_SIZE)), **({AS_OF.name: everywhere()} if found.events else {})}
    return [Stage("activity_totals", meets, body, ACTIVITY_TOTALS, nasty=lambda: nasty.totals(config, meets))]


def _rows(config: ProjectConfig, activity: str) -> str:
    return f"(select count(*) from {name(config.activities[activity].source)})"


def _kept(activity: str, what: str = "count(*)") -> str:
    return f"(select {what} from unified_activities where activity = {literal(activity)})"


def _left(activity: str, what: str = "count(*)") -> str:
    return f"(select {what} from activity_quarantine where activity = {literal(activity)})"


def _strangers(config: ProjectConfig, activity: str) -> str:
    """Events of visitors without a profile, up to the day of the run: of no customer, and not in quarantine."""
    source = config.activities[activity].source
    known = f"select record_key from alternate_keys where kind = 'visitor' and source = {literal(source)}"
    return f"(select count(*) from {name(source)} as e where e.time < {END} and e.visitor_id not in ({known}))"


def _money_in(config: ProjectConfig, activity: str) -> str:
    settings = config.activities[activity]
    return f"(select coalesce(sum({given.money(settings.amount)}), 0) from {name(settings.source)})"


def _money_differs(config: ProjectConfig, activity: str) -> str:
    out = f"{_kept(activity, _SUM)} + {_left(activity, _SUM)}"
    return f"(case when {_money_in(config, activity)} is distinct from {out} then 1 else 0 end)"


def _totals(config: ProjectConfig, activity: str, *, events: bool) -> str:
    return f"""
        select {literal(activity)} as activity, {literal(config.activities[activity].source)} as source,
            {_rows(config, activity)} as rows_in, {_kept(activity)} as activities, {_left(activity)} as quarantined,
            {_strangers(config, activity) if events else "0"} as without_profile, {_kept(activity, _OWNERS)} as owners,
            {_money_in(config, activity)} as money_in, {_kept(activity, _SUM)} as money, {_left(activity, _SUM)} as money_quarantined
    """
