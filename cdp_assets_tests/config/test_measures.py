"""The section `measures`: what is accepted, and each mistake with what would be right."""

import pytest

from cdp_assets.config import ConfigError, parse_config
from cdp_assets_tests.activities.world import ACTIVITIES, SOURCES
from cdp_assets_tests.measures.world import config


def problem(measure: str) -> str:
    """The one problem of a project with this measure."""
    with pytest.raises(ConfigError) as caught:
        parse_config(f"{SOURCES}{ACTIVITIES}measures: {{{measure}}}\n")
    assert len(caught.value.problems) == 1, caught.value
    return str(caught.value.problems[0])


def test_a_measure_of_each_function_is_accepted() -> None:
    assert {measure.function for measure in config().measures.values()} == {"sum", "average", "count", "max", "min", "first", "last"}


@pytest.mark.parametrize(
    ("measure", "message"),
    [
        ("m: {function: total, field: amount, activities: [purchases]}", "measures.m.function"),
        ("m: {function: sum, activities: [purchases]}", "measures.m: sum needs a field"),
        ("m: {function: sum, field: time, activities: [purchases]}", "measures.m: a time has no sum"),
        ("m: {function: max, field: product, activities: [purchases]}", "measures.m.field"),
        ("m: {function: count, activities: []}", "measures.m.activities"),
        (
            "m: {function: count, activities: [purchase]}",
            'measures.m.activities[0]: unknown activity, found "purchase". Did you mean "purchases"?',
        ),
        ("m: {function: count, activities: [visits, visits]}", "measures.m.activities[1]: stands twice"),
        (
            "m: {function: sum, field: amount, activities: [visits]}",
            "has no amount; add amount: <field with the money> under activities.visits",
        ),
        ("m: {function: count, activities: [deals]}", "is an activity of accounts; a measure is a figure of a customer"),
        ("customer_id: {function: count, activities: [visits]}", "is a column that the program adds itself"),
        ("Mine: {function: count, activities: [visits]}", "is not a name for a measure"),
    ],
)
def test_a_mistake_is_named_with_what_would_be_right(measure: str, message: str) -> None:
    assert message in problem(measure)
