"""The page of lifetime value: how good each prediction is, its value by percentile and what it depends on. No HTML."""

from dataclasses import dataclass

from duckdb import DuckDBPyConnection


@dataclass(frozen=True)
class Group:
    """The customers of a tenth of the ranking; `percentile` 10 is the tenth with the highest values."""

    percentile: int
    customers: int
    average: float


@dataclass(frozen=True)
class Facts:
    """The head of a prediction; `grade` is null where it could not be graded, and `summary` says why."""

    model: str
    months: int
    grade: str | None
    summary: str | None
    active: int
    found: float | None
    found_by_simple_rule: float | None
    high_value: int
    high_value_average: float | None
    high_value_share: float | None


@dataclass(frozen=True)
class Prediction:
    """A prediction with its value by percentile and its factors."""

    facts: Facts
    groups: tuple[Group, ...]
    factors: tuple[tuple[str, float], ...]


def read_predictions(connection: DuckDBPyConnection) -> list[Prediction]:
    """Every prediction of the snapshot, the shortest period first. Shares are in per cent of the predicted total."""
    heads = connection.execute(
        """
        select p.model, p.months, p.grade, p.summary, p.active, p.found, p.found_by_simple_rule, count(*) filter (v.high_value),
               avg(v.score) filter (v.high_value), 100 * sum(v.score) filter (v.high_value) / nullif(sum(v.score), 0)
        from prediction p left join customer_value v on v.model = p.model
        group by all order by p.months, p.model
        """
    ).fetchall()
    groups = connection.execute("select model, percentile, customers, average from value_percentile order by model, percentile").fetchall()
    factors = connection.execute("select model, factor, impact from value_factor order by model, impact desc, factor").fetchall()
    return [
        Prediction(
            Facts(*head),
            tuple(Group(*row[1:]) for row in groups if row[0] == head[0]),
            tuple((row[1], row[2]) for row in factors if row[0] == head[0]),
        )
        for head in heads
    ]
