"""The section `schedule`: its forms, and what is refused."""

import pytest

from cdp_assets.config import ConfigError, ProjectConfig, parse_config

HEAD = "version: 1\nsources: {crm: {files: crm.csv, primary_key: id, fields: {name: person.full_name}}}\n"


def config(schedule: str) -> ProjectConfig:
    return parse_config(HEAD + schedule)


@pytest.mark.parametrize(
    ("written", "crons", "on_from_the_start"),
    [
        ("", ("0 4 * * *",), False),
        ("schedule: {time_zone: Europe/Berlin}", ("0 4 * * *",), False),
        ("schedule: off", (), False),
        ("schedule: false", (), False),
        ("schedule: {cron: null}", (), False),
        ("schedule: {cron: 30 4 * * mon-fri}", ("30 4 * * mon-fri",), True),
        ("schedule: {every: day}", ("0 4 * * *",), True),
        ("schedule: {every: day, at: 4:30}", ("30 4 * * *",), True),
        ('schedule: {every: day, at: ["16:00", "04:00"]}', ("0 4 * * *", "0 16 * * *"), True),
        (
            'schedule: {every: day, at: ["00:00", "06:15", "12:30", "23:59"]}',
            ("0 0 * * *", "15 6 * * *", "30 12 * * *", "59 23 * * *"),
            True,
        ),
        ("schedule: {every: week, on: [mon, thu], at: '02:30'}", ("30 2 * * mon,thu",), True),
        ("schedule: {every: week, on: sun}", ("0 4 * * sun",), True),
    ],
)
def test_a_schedule_in_words_is_times_of_cron(written: str, crons: tuple[str, ...], on_from_the_start: bool) -> None:
    schedule = config(written).schedule
    assert (schedule.crons, schedule.stated and bool(schedule.crons)) == (crons, on_from_the_start)


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("schedule: on", "is not a schedule"),
        ("schedule: weekly", "is not a schedule"),
        ("schedule: {every: hour}", "Allowed: day, week"),
        ("schedule: {every: week}", "every: week without a day of the week"),
        ("schedule: {every: week, on: []}", "every: week without a day of the week"),
        ("schedule: {every: week, on: [monday]}", 'Did you mean "mon"'),
        ("schedule: {every: week, on: [mon, mon]}", "names one of them twice"),
        ("schedule: {every: day, on: [mon]}", "every: day has no days of the week"),
        ("schedule: {at: '04:00'}", "at without every"),
        ("schedule: {every: day, cron: 0 4 * * *}", "both every and cron"),
        ("schedule: {every: day, at: '24:00'}", "is not a time of the day"),
        ("schedule: {every: day, at: noon}", "is not a time of the day"),
        ("schedule: {every: day, at: []}", "at least one entry"),
        ("schedule: {every: day, at: ['4:00', '04:00']}", "names one of them twice"),
        ("schedule: {every: day, at: ['1:00', '2:00', '3:00', '4:00', '5:00']}", "up to 4 times a day"),
        ("schedule: {every: day, time_zone: Europe/Berlln}", 'Did you mean "Europe/Berlin"'),
        ("schedule: {evry: day}", 'Did you mean "every"'),
    ],
)
def test_a_wrong_schedule_is_refused_with_its_line_and_what_is_allowed(written: str, says: str) -> None:
    with pytest.raises(ConfigError) as refused:
        config(written)
    assert "cdp.yaml:3: schedule" in refused.value.message
    assert says in refused.value.message
