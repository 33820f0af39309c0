"""Why two records are one, and why they are not, answered from stored tables. Reads; never writes."""

from cdp_assets.identity.explain.ask import NotUsed, Preview, Sighting, Stated, Step, Why, WhyNot, preview, verdicts_of, why, why_not
from cdp_assets.identity.explain.compare import Condition, Verdict
from cdp_assets.identity.explain.path import Edge, Hop, Node
from cdp_assets.identity.explain.reader import Reader, Record
from cdp_assets.identity.explain.state import Tables
from cdp_assets.identity.explain.told import Teller, names

__all__ = [
    "Condition",
    "Edge",
    "Hop",
    "Node",
    "NotUsed",
    "Preview",
    "Reader",
    "Record",
    "Sighting",
    "Stated",
    "Step",
    "Tables",
    "Teller",
    "Verdict",
    "Why",
    "WhyNot",
    "names",
    "preview",
    "verdicts_of",
    "why",
    "why_not",
]
