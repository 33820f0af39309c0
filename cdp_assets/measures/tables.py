"""The declaration of this station: its columns are the measures of the configuration."""

from cdp_assets.config import ProjectConfig
from cdp_assets.config.measures import Measure
from cdp_assets.lake import Column, Table, columns

_WORDS = {
    "sum": "sum of the {field}, returns below zero; 0 where there is none",
    "average": "average of the {field}, returns below zero",
    "count": "number of activities{with_field}, returns too; 0 where there is none",
    "max": "greatest {field}",
    "min": "smallest {field}",
    "first": "{field} of the earliest activity that has one",
    "last": "{field} of the latest activity that has one",
}


def customer_measures(config: ProjectConfig) -> Table:
    """The declaration of the measures: a column each, named like the measure, in the order of the configuration."""
    return Table(
        "customer_measures",
        grain="the measures of a customer; every customer has a row",
        key=("customer_id",),
        columns=(
            *columns("customer_id | varchar | id of the customer"),
            *(Column(name, data_type(measure), _description(measure)) for name, measure in config.measures.items()),
        ),
    )


def data_type(measure: Measure) -> str:
    """A sum is exact and wide, an average is a double; other amounts are as the activities have them."""
    if measure.function == "count":
        return "bigint"
    if measure.field == "time":
        return "timestamp"
    return {"sum": "decimal(38,2)", "average": "double"}.get(measure.function, "decimal(18,2)")


def _description(measure: Measure) -> str:
    words = _WORDS[measure.function].format(field=measure.field, with_field=f" that have a {measure.field}" if measure.field else "")
    return f"{words}; of {', '.join(measure.activities)}"
