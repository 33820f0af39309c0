"""The declarations of this station: interactions by day, and the engagement of accounts."""

from cdp_assets.lake import Table, columns

INTERACTIONS = Table(
    "interactions",
    grain="the mail or the meetings of one day with one account, in one direction; never a single message",
    key=("day", "account_id", "kind", "direction"),
    columns=columns(
        """
        day            | date          | day, UTC: of the first time a mail was received, of the start of a meeting
        account_id     | varchar       | the account whose contacts took part, as it was called on reading
        kind           | varchar       | email or meeting
        direction      | varchar       | to_account: one of the listed own people wrote or invited; from_account: somebody else did
        count          | bigint        | different mails or meetings; one with contacts of two accounts counts for each
        minutes        | bigint        | length of the meetings together; 0 for mail
        person_minutes | decimal(18,1) | time of own people: meetings x own people present; a mail 5 to write, 2.5 to read
        own_people     | varchar[]     | own people who took part, as keyed pseudonyms (HMAC-SHA-256)
        their_people   | varchar[]     | contacts of the account who took part, in the same way
        """,
        required=["count", "minutes", "person_minutes", "own_people", "their_people"],
        personal=["own_people", "their_people"],
    ),
    partition="day",
    retention="365 days, and only as long as the tenant's consent stands",
)

ACCOUNT_ENGAGEMENT = Table(
    "account_engagement",
    grain="an account with mail or meetings in the last 365 days: the whole year, or one of the twelve months that it ends with",
    key=("account_id", "aggregation_level", "aggregation_start_date"),
    columns=columns(
        """
        account_id                                | varchar | the account as it is called now
        aggregation_level                         | varchar | year or month
        aggregation_start_date                    | date    | first day; a month reaches to the day before the next one starts
        engagement_score                          | integer | 0 to 100, relative to the other accounts; year only, our own formula
        no_of_emails_to_account                   | bigint  | mails that own people wrote
        no_of_emails_from_account                 | bigint  | mails that others wrote
        no_of_meetings_from_account               | bigint  | meetings that others called
        no_of_meetings_to_account                 | bigint  | meetings that own people called
        no_of_contacts_involved_meetings          | bigint  | own people in meetings
        no_of_contacts_involved_emails            | bigint  | own people in mails
        no_of_account_contacts_involved_meetings  | bigint  | contacts of the account in meetings
        no_of_account_contacts_involved_emails    | bigint  | contacts of the account in mails
        engagement_start_date                     | date    | day of the first mail or meeting
        days_since_last_email                     | integer | days from the last mail to the day of the run; null: none
        days_since_last_meeting                   | integer | the same for meetings
        average_duration_of_meetings              | double  | minutes; null: no meeting
        average_duration_of_account_email_replies | double  | hours until the account replies; null: not computed yet
        recency                                   | double  | part of the score, 0 to 1: 1 up to 14 days, then halved every 28
        frequency                                 | double  | part: incoming and answered contacts, the younger the more
        reciprocity                               | double  | part: how even the two directions are
        breadth                                   | double  | part: how many people
        time                                      | double  | part: minutes of own people
        """,
        required=[
            "no_of_emails_to_account",
            "no_of_emails_from_account",
            "no_of_meetings_from_account",
            "no_of_meetings_to_account",
            "no_of_contacts_involved_meetings",
            "no_of_contacts_involved_emails",
            "no_of_account_contacts_involved_meetings",
            "no_of_account_contacts_involved_emails",
        ],
    ),
    retention="as long as interactions of the account are kept",
)
