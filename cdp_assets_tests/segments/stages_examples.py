"""The stages of this station, for the test that runs every stage in several buckets."""

from cdp_assets.lake import Stage
from cdp_assets.segments import membership
from cdp_assets_tests.segments.world import config

_ALL = """{
  high: {all: [{profile.country: ann lee}, {profile.points: {above: 0}}, {profile.born: {exists: true}}]},
  low: {any: [{clv.next_year.score: {above: 0}}, {clv.half.high_value: true}, {consent.newsletter: true}, {consent.letters: false},
    {measure.total_spend: {above: 0}}, {measure.last_order: {below: 2100-01-01}}]},
  people: {of: contacts, any: [{profile.job_title: bob}, {account.town: bob}, {engagement.engagement_score: {at_least: 0}},
    {consent.newsletter: true}]}
}"""


def examples() -> list[list[Stage]]:
    """Segments of customers and contacts that ask about everything, of customers alone, and of contacts by their account alone."""
    every, one = config(_ALL), config("{one: {all: [{profile.country: {exists: true}}]}}")
    contacts = config("{one: {of: contacts, all: [{account.town: {exists: false}}]}}")
    return [*(membership.membership_stages(each) for each in (every, one, contacts)), membership.segment_stages(every)]
