"""The destinations Dynamics 365 Sales and Marketing: limits, and a dry run.

This version sends nothing: it says what would be sent, and the ledger holds it. Contacts must be there already, and be
records of a source that is unified here; none is ever created. The limit of Sales counts the members of a segment, before
consents and contact ids are looked at: a segment above it is refused whole, and the others go on.
"""

from cdp_assets.exports.outcome import Counts, Decided, refused

SALES_LIMIT = 100_000
"""Members of one segment that Dynamics 365 Sales takes."""
MARKETING_ADVICE = 1_000_000
"""Members of one segment above which an export to Dynamics 365 Marketing is not advised."""
LATER = "nothing was sent, and no contact was created: real connections to Dynamics 365 follow in a later version"


def decide(kind: str, counts: dict[str, Counts]) -> list[Decided]:
    """What happens to each segment, before anything else does."""
    return [
        refused(segment, f"{each.selected:,} members, and Dynamics 365 Sales takes at most {SALES_LIMIT:,} a segment")
        if kind == "dynamics_sales" and each.selected > SALES_LIMIT
        else Decided(segment, "dry_run", "dry_run")
        for segment, each in counts.items()
    ]


def no_contact_known(counts: dict[str, Counts], decided: list[Decided]) -> bool:
    """Whether there are members to send, and of none of them a contact is known: then the run is refused."""
    going_on = [counts[each.segment] for each in decided if each.state != "refused"]
    return any(each.no_contact for each in going_on) and not any(each.deliverable for each in going_on)


def refuse_all(decided: list[Decided], reason: str) -> list[Decided]:
    """The segments of a run that is refused because no contact is known; each member keeps its own state."""
    return [each if each.state == "refused" else Decided(each.segment, "refused", "refused", reason=reason) for each in decided]


def advice(kind: str, counts: dict[str, Counts]) -> list[str]:
    """Warnings on the size of segments."""
    return [
        f"Segment {segment} has {each.selected:,} members; more than {MARKETING_ADVICE:,} are not advised for Dynamics 365 Marketing."
        for segment, each in counts.items()
        if kind == "dynamics_marketing" and each.selected > MARKETING_ADVICE
    ]
