"""What a snapshot holds beside profiles and ids: value, activities, accounts, segments. Declared here, filled by card_contents.

Each of these tables is there in every snapshot, and empty where the project does not configure what it shows.
"""

from cdp_assets.lake import Table, columns

RETENTION = "the last three publications are kept"

OPTIONAL_INPUTS = (
    "unified_activities",
    "customer_measures",
    "clv_results",
    "clv_scores",
    "clv_percentiles",
    "clv_factors",
    "account_profiles",
    "contact_profiles",
    "account_engagement",
    "consents",
    "segments",
    "segment_membership",
)
"""The tables of the lake that are published where the project has them."""

PREDICTION = Table(
    "prediction",
    grain="a prediction of lifetime value and how good it was found to be",
    key=("model",),
    columns=columns(
        """
        model   | varchar | its name in cdp.yaml
        months  | integer | months that it looks ahead
        grade   | varchar | A, B or C against the simple rule; null: not available
        summary | varchar | the grade and its arithmetic in one line
        active  | bigint  | customers with a prediction
        found   | double  | share of the customers who turned out high value that it found in its test, in per cent
        found_by_simple_rule | double | the same of the simple rule
        """,
        required=["months"],
    ),
    retention=RETENTION,
)

CUSTOMER_VALUE = Table(
    "customer_value",
    grain="the predicted value of a customer",
    key=("customer", "model"),
    columns=columns(
        """
        customer   | integer | number of the customer
        model      | varchar | prediction
        score      | double  | what the customer is expected to spend
        rank       | bigint  | place among the active customers, 1 is the highest
        percentile | double  | share of the active customers with a rank at least as high, in per cent
        high_value | boolean | among the high-value customers
        """
    ),
    retention=RETENTION,
)

VALUE_PERCENTILE = Table(
    "value_percentile",
    grain="a tenth of the customers with a prediction, by value",
    key=("model", "percentile"),
    columns=columns(
        """
        model      | varchar | prediction
        percentile | integer | 10: the tenth with the highest values, 100: the one with the lowest
        customers  | bigint  | how many
        average    | double  | their average value
        """
    ),
    retention=RETENTION,
)

VALUE_FACTOR = Table(
    "value_factor",
    grain="what the predictions depend on",
    key=("model", "factor"),
    columns=columns(
        """
        model  | varchar | prediction
        factor | varchar | what is known of a customer
        impact | double  | its share in what makes predictions differ, in per cent
        """
    ),
    retention=RETENTION,
)

ACTIVITY = Table(
    "activity",
    grain="one thing that a customer did, numbered from the newest",
    key=("customer", "nth"),
    columns=columns(
        """
        customer | integer   | number of the customer
        nth      | bigint    | 1 is the newest
        time     | timestamp | when (UTC)
        type     | varchar   | what kind of thing
        title    | varchar   | what it was
        detail   | varchar   | more about it
        product  | varchar   | product
        amount   | double    | money; negative: a return
        returned | boolean   | a return
        source   | varchar   | source that it comes from
        url      | varchar   | web address
        """,
        personal=["title", "detail", "url"],
    ),
    retention=RETENTION,
)

CUSTOMER_MEASURE = Table(
    "customer_measure",
    grain="a measure of a customer that has a value",
    key=("customer", "position"),
    columns=columns(
        """
        customer | integer | number of the customer
        position | integer | place on the card, from 1
        label    | varchar | what people read
        value    | varchar | the value as text
        """
    ),
    retention=RETENTION,
)

ACCOUNT = Table(
    "account",
    grain="a business account",
    key=("account_id",),
    columns=columns(
        """
        account_id | varchar | id of the unified account
        name       | varchar | its name
        place      | varchar | city and country
        contacts   | bigint  | its contacts
        score      | integer | engagement of the last year, 0 to 100; null: no mail and no meeting
        emails     | bigint  | e-mails of the last year, both ways
        meetings   | bigint  | meetings of the last year
        since      | date    | first e-mail or meeting in that year
        logo       | varchar | address of its logo
        """
    ),
    retention=RETENTION,
)

ACCOUNT_MONTH = Table(
    "account_month",
    grain="a month of an account with e-mails or meetings",
    key=("account_id", "month"),
    columns=columns(
        """
        account_id | varchar | id of the unified account
        month      | date    | first day
        emails     | bigint  | e-mails, both ways
        meetings   | bigint  | meetings
        """
    ),
    retention=RETENTION,
)

ACCOUNT_CONTACT = Table(
    "account_contact",
    grain="a contact of an account",
    key=("account_id", "contact_id"),
    columns=columns(
        """
        account_id  | varchar | id of the unified account
        contact_id  | varchar | id of the unified contact
        customer    | integer | number of the customer who is the same person; null: not linked
        customer_id | varchar | id of that customer
        name        | varchar | first and last name
        email       | varchar | e-mail address
        job_title   | varchar | position
        """,
        personal=["name", "email"],
    ),
    retention=RETENTION,
)

CUSTOMER_CONSENT = Table(
    "customer_consent",
    grain="whether a customer allows something",
    key=("customer", "purpose"),
    columns=columns(
        """
        customer | integer   | number of the customer
        purpose  | varchar   | what for
        given    | boolean   | allowed
        at       | timestamp | when this was said (UTC)
        """
    ),
    retention=RETENTION,
)

CUSTOMER_SEGMENT = Table(
    "customer_segment",
    grain="a segment that a customer is in now",
    key=("customer", "segment"),
    columns=columns(
        """
        customer | integer | number of the customer
        segment  | varchar | name of the segment
        rule     | varchar | who is in it, in words
        since    | date    | when the customer came in
        """
    ),
    retention=RETENTION,
)

CARD_TABLES = (
    PREDICTION,
    CUSTOMER_VALUE,
    VALUE_PERCENTILE,
    VALUE_FACTOR,
    ACTIVITY,
    CUSTOMER_MEASURE,
    ACCOUNT,
    ACCOUNT_MONTH,
    ACCOUNT_CONTACT,
    CUSTOMER_CONSENT,
    CUSTOMER_SEGMENT,
)
