"""Declarations of the station `governance`."""

from cdp_assets.lake import Table, columns

AUDIT_LOG = Table(
    "audit_log",
    grain="one denial, one change of state or one look at what made a profile: who, what, when, on what, with which outcome",
    key=("entry_id",),
    retention="for good; erasure of a customer does not reach it, as it holds no customer's data",
    columns=columns(
        """
        entry_id | varchar | random id of the entry
        at | timestamp | when, UTC by the machine's clock
        user_name | varchar | the acting user
        action | varchar | what was asked for, such as refresh or publish
        subject | varchar | on what: a run, a version, a page, the id of a profile
        outcome | varchar | allowed, denied, done or failed
        role | varchar | the user's role at that time; null: none
        detail | varchar | more in words; never a value from the data
        """,
        personal=["user_name"],
        required=["entry_id", "at", "user_name", "action", "outcome"],
    ),
)

DECISIONS = Table(
    "decisions",
    grain="something that a person decided: who, when, on what, yes or no; the newest one on a subject stands",
    key=("decision_id",),
    retention="for good: it shows who agreed to what",
    columns=columns(
        """
        decision_id | varchar | random id of the decision
        at | timestamp | when, UTC by the machine's clock
        user_name | varchar | who decided
        kind | varchar | tenant_consent (a tenant's mail may be read), connection (data may go there), match_customers and the like
        subject | varchar | on what: the id of the tenant, the name of the connection, a digest of the two records
        verdict | varchar | given or withdrawn; of two records accept (they are one), reject (they are not) or undo (nothing is said)
        content | varchar | digest of what was agreed to, so that a change of it needs a new yes; null: not said
        detail | varchar | more in words; never a value from the data
        left_source | varchar | source of one of the two records; null for other kinds
        left_key | varchar | its key
        right_source | varchar | source of the other record
        right_key | varchar | its key
        """,
        personal=["user_name", "left_key", "right_key"],
        required=["decision_id", "at", "user_name", "kind", "subject", "verdict"],
    ),
)

CONSENT_STATEMENTS = Table(
    "consent_statements",
    grain="a statement of a source, once for each identifier in it and each customer who has that identifier; if nobody has it, once",
    key=("source", "source_file", "source_line", "nth"),
    columns=columns(
        """
        source      | varchar   | source of the statement
        source_file | varchar   | its file, relative to the project folder
        source_line | bigint    | its line in that file
        nth         | integer   | 1, 2, ...: of the rows of one statement, in the order of identifier, value and customer
        identifier  | varchar   | what says whose statement it is: identity.email, identity.phone, identity.id or a source.field
        value       | varchar   | its value as it is compared: an e-mail address in small letters, a telephone number as + and digits
        customer_id | varchar   | a customer with a record that has this value; null: nobody has it
        purpose     | varchar   | what the consent is for, trimmed and in small letters
        given       | boolean   | whether it is given; false: refused or withdrawn, or the answer cannot be read
        at          | timestamp | when it was said, UTC; null: missing, or cannot be read
        reading     | varchar   | how it was read: as written, or what cannot be read (or is missing) and what follows from that
        """,
        personal=["value"],
        required=["identifier", "value", "purpose", "given", "reading"],
    ),
)

CONSENTS = Table(
    "consents",
    grain="a customer and a purpose on which somebody has said something that counts; no row is no consent",
    key=("customer_id", "purpose"),
    columns=columns(
        """
        customer_id  | varchar   | id of the customer
        purpose      | varchar   | what the consent is for, in small letters
        given        | boolean   | whether all standing statements of the customer give it; one refusal is enough for false
        at           | timestamp | time of the newest standing statement that says so; null: a refusal whose time cannot be read
        statements   | bigint    | standing statements: the newest one of each source and identifier
        contradicted | boolean   | whether standing statements disagree; then the refusal counts
        """,
        required=["given", "statements", "contradicted"],
    ),
)
