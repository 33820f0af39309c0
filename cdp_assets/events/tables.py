"""The declarations of this station: events by day, what each day knows of a visitor, and who a visitor was when."""

from cdp_assets.lake import Table, columns

EVENTS = Table(
    "events",
    grain="a web event as it happened; it is never rewritten when somebody becomes known",
    key=("day", "source", "event_id"),
    columns=columns(
        """
        day           | date      | day of the event, UTC
        source        | varchar   | the first-party source that recorded it
        event_id      | varchar   | identifies the event within the source
        visitor_id    | varchar   | first-party id of the visitor
        time          | timestamp | when it happened, UTC
        event         | varchar   | name of the event
        known_sources | varchar[] | for each known id that the event carries: the source it belongs to
        known_fields  | varchar[] | for each of them: the field of that source
        known_values  | varchar[] | for each of them: the id
        """,
        required=["day", "source", "event_id", "visitor_id", "time", "known_sources", "known_fields", "known_values"],
        personal=["visitor_id", "known_values"],
    ),
    partition="day",
)

VISITOR_LINKS = Table(
    "visitor_links",
    grain="what one day knows of a visitor: all its events (known_source empty), or a run of events with the same known id",
    key=("day", "source", "visitor_id", "known_source", "known_field", "known_value", "first_at"),
    columns=columns(
        """
        day          | date      | day of the events, UTC
        source       | varchar   | the first-party source that recorded them
        visitor_id   | varchar   | first-party id of the visitor
        known_source | varchar   | source of the known id; empty: the row stands for all events of the visitor on this day
        known_field  | varchar   | field of the known id; empty as above
        known_value  | varchar   | the known id; empty as above
        first_at     | timestamp | first event of the run
        last_at      | timestamp | last event of the run
        events       | bigint    | events in it that carry this id; in the row for all: events of the day
        """,
        required=["day", "source", "visitor_id", "known_source", "known_field", "known_value", "first_at", "last_at", "events"],
        personal=["visitor_id", "known_value"],
    ),
    partition="day",
)

VISITOR_IDENTITIES = Table(
    "visitor_identities",
    grain="who a visitor id was from when to when; a visitor whom nobody knows has one row without a known id",
    key=("source", "visitor_id", "nth"),
    columns=columns(
        """
        source        | varchar   | the first-party source of the visitor id
        visitor_id    | varchar   | first-party id of the visitor
        nth           | integer   | number of the identity of this visitor, from 1, in the order of identification
        known_source  | varchar   | source of the known id; null: unknown
        known_field   | varchar   | field of the known id; null: unknown
        known_value   | varchar   | the known id; null: unknown
        valid_from    | timestamp | from when on events are this person's; the first identity reaches back to the first event
        valid_to      | timestamp | until when, exclusive: when another id of the same field was given; null: still
        identified_at | timestamp | first event that gave this id; null: unknown
        first_seen    | timestamp | first event of the visitor
        last_seen     | timestamp | last event of the visitor
        events        | bigint    | events of the visitor
        """,
        required=["source", "visitor_id", "nth", "valid_from", "first_seen", "last_seen", "events"],
        personal=["visitor_id", "known_value"],
    ),
)
