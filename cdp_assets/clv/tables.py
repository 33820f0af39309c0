"""The declarations of lifetime value: the check of the input, customers, the trained model, scores and the grade."""

from cdp_assets.lake import Table, columns

RETENTION = "as long as the prediction is in cdp.yaml"

CLV_USABILITY = Table(
    "clv_usability",
    grain="a check of a prediction's input",
    key=("model", "step", "check_name"),
    columns=columns(
        """
        model       | varchar | prediction in cdp.yaml
        step        | varchar | train or score: what the check is for
        state       | varchar | error (nothing is trained), warning, recommendation or passed
        check_name  | varchar | what was looked at
        column_name | varchar | column that it is about
        entity      | varchar | table that it is about
        details     | varchar | found and needed in numbers, and what to do
        """,
        required=("state", "column_name", "entity", "details"),
    ),
)

CLV_FEATURES = Table(
    "clv_features",
    grain="a customer with at least one purchase, as a prediction sees it at two days: now (as of) and at the origin of its test",
    key=("model", "customer_id"),
    columns=columns(
        """
        model                  | varchar       | prediction in cdp.yaml
        customer_id            | varchar       | id of the customer
        as_of_day              | date          | end of the purchases: the last day before the stray tail
        origin_day             | date          | as_of_day less the prediction period: the test's model knows nothing later
        window_days            | integer       | length of the active window that ends on as_of_day
        origin_window_days     | integer       | length of the active window that ends on origin_day
        first_day              | date          | day of the first purchase
        last_day               | date          | day of the last purchase
        frequency              | bigint        | days with a purchase after the first one
        recency_days           | bigint        | days from the first purchase to the last
        age_days               | bigint        | days from the first purchase to as_of_day
        monetary               | double        | mean amount of the purchases after the first; 0: there is none
        spend_in_window        | decimal(38,2) | amount bought in the active window
        total_spend            | decimal(38,2) | amount bought up to as_of_day
        active                 | boolean       | whether there is a purchase in the active window
        origin_frequency       | bigint        | frequency at origin_day; null: no purchase before it
        origin_recency_days    | bigint        | recency_days at origin_day
        origin_age_days        | bigint        | age_days at origin_day
        origin_monetary        | double        | monetary at origin_day
        origin_spend_in_window | decimal(38,2) | amount bought in the active window at origin_day
        origin_total_spend     | decimal(38,2) | amount bought up to origin_day
        origin_active          | boolean       | whether there is a purchase in the active window at origin_day
        spend_after_origin     | decimal(38,2) | amount bought after origin_day, up to as_of_day: the truth of the test
        earlier_active         | boolean       | whether there is a purchase in the window one prediction period before origin_day
        earlier_returned       | boolean       | whether there is a purchase in the prediction period that ends on origin_day
        """,
        required=(
            "as_of_day origin_day window_days origin_window_days first_day last_day frequency recency_days age_days monetary"
            " spend_in_window total_spend active origin_spend_in_window origin_total_spend origin_active spend_after_origin"
            " earlier_active earlier_returned"
        ).split(),
    ),
)

PARAMETERS = "r alpha a b p q v".split()

_FIT = """
    {0}method           | varchar   | BG/NBD and Gamma-Gamma, or spend in the active window{1}
    {0}value_method     | varchar   | how the amount of a purchase is expected: Gamma-Gamma, or shrunk mean{1}
    {0}r                | double    | BG/NBD, time in days{1}
    {0}alpha            | double    | BG/NBD, time in days{1}
    {0}a                | double    | BG/NBD{1}
    {0}b                | double    | BG/NBD{1}
    {0}p                | double    | Gamma-Gamma{1}
    {0}q                | double    | Gamma-Gamma{1}
    {0}v                | double    | Gamma-Gamma, in the currency of the amounts{1}
    {0}mean_amount      | double    | mean amount of a purchase{1}
    {0}retention        | double    | share of active customers who bought again in the following prediction period{1}
    {0}no_drop_out      | boolean   | whether the fit found nobody who leaves{1}
    {0}regular          | boolean   | whether purchases are more regular than chance, so that P(alive) means nothing{1}
    {0}high_value_share | double    | share of the active customers that is high value{1}
    {0}fall_backs       | varchar[] | what was done where a model could not be fitted{1}
    {0}warnings         | varchar[] | what to bear in mind{1}
"""

CLV_MODEL = Table(
    "clv_model",
    grain="a trained prediction, kept as it is until it is to be trained again, with its test at the time of the training",
    key=("model",),
    columns=columns(
        f"""
        model              | varchar | prediction in cdp.yaml
        settings           | varchar | digest of the settings that it was trained with
        trained_on         | date    | day of the run that trained it
        as_of_day          | date    | end of the purchases that it was trained on
        origin_day         | date    | origin of its test
        months             | integer | months that it looks ahead
        horizon_days       | integer | the same in days: round(30.4375 x months)
        window_days        | integer | length of the active window: who is scored
        origin_window_days | integer | length of the active window in the test
        customers          | bigint  | customers with a purchase
        active             | bigint  | of these active
        {_FIT.strip().format("", "")}
        {_FIT.strip().format("origin_", ", in the test")}
        test_active        | bigint  | customers who were active at the origin
        test_buyers        | bigint  | of these, who bought in the test period
        k                  | bigint  | high-value customers of the test period, and length of each list
        hits               | bigint  | of these, in the model's list
        baseline_hits      | bigint  | of these, in the baseline's list
        strong_hits        | bigint  | of these, in the list by total spend before the origin
        caught_by_one      | bigint  | of these, in exactly one of the first two lists
        grade              | varchar | A: at least 5 % more than the baseline, B: 0 to 5 % more, C: less; null: not available
        grade_reason       | varchar | the grade in words, or why there is none
        summary            | varchar | the grade and its arithmetic in one line
        lift               | double  | hits / baseline_hits - 1
        standard_error     | double  | of the lift
        interval_low       | double  | lower end of the 90 % interval of the lift
        interval_high      | double  | upper end
        interval_method    | varchar | formula (k from 100 up) or bootstrap
        share_a            | double  | share of 1,000 bootstrap draws with grade A
        share_b            | double  | the same for B
        share_c            | double  | the same for C
        rmse               | double  | root mean squared error of the model's amounts in the test
        baseline_rmse      | double  | the same of the baseline
        rmse_cut           | double  | the same with both sides cut at the 99 % quantile of the truth
        baseline_rmse_cut  | double  | the same of the baseline
        predicted_total    | double  | predicted amount of the test period
        actual_total       | double  | actual amount of the test period
        """,
        required=("settings", "trained_on", "as_of_day", "origin_day", "months", "horizon_days", "window_days", "method"),
    ),
    retention=RETENTION,
)

CLV_SCORES = Table(
    "clv_scores",
    grain="an active customer, scored by a prediction",
    key=("model", "customer_id"),
    columns=columns(
        """
        model              | varchar | prediction in cdp.yaml
        customer_id        | varchar | id of the customer
        score              | double  | CLVScore: what the customer is expected to spend in the prediction period
        rank               | bigint  | place by score among the active customers, 1 is the highest; ties by customer id
        percentile         | double  | share of the active customers with a rank at least as high, in per cent
        high_value         | boolean | among the high-value customers
        p_alive            | double  | probability that the customer still buys; null where the model cannot tell
        expected_purchases | double  | purchases expected in the prediction period; null where the score is no product
        expected_value     | double  | expected amount of a purchase; null where the score is no product
        as_of_day          | date    | end of the purchases that the score knows
        trained_on         | date    | day on which the model was trained
        """,
        required=("score", "rank", "percentile", "high_value", "as_of_day", "trained_on"),
    ),
)

CLV_RESULTS = Table(
    "clv_results",
    grain="a prediction's grade and its arithmetic, found when the model was trained",
    key=("model",),
    columns=columns(
        """
        model                 | varchar   | prediction in cdp.yaml
        months                | integer   | months that it looks ahead
        trained_on            | date      | day on which the model was trained
        origin_day            | date      | the test's model knew nothing later
        test_until            | date      | end of the test period
        grade                 | varchar   | A, B or C; null: not available
        grade_reason          | varchar   | the grade in words, or why there is none
        summary               | varchar   | the grade and its arithmetic in one line
        active                | bigint    | customers who were active at the end of the purchases
        test_active           | bigint    | customers who were active at the origin
        test_buyers           | bigint    | of these, who bought in the test period
        k                     | bigint    | high-value customers of the test period, and length of each list
        hits                  | bigint    | of these, in the model's list
        baseline_hits         | bigint    | of these, in the baseline's list
        success_rate          | double    | hits / k
        baseline_success_rate | double    | baseline_hits / k
        lift                  | double    | relative change of the success rate against the baseline
        standard_error        | double    | of the lift
        interval_low          | double    | lower end of the 90 % interval of the lift
        interval_high         | double    | upper end
        interval_method       | varchar   | formula or bootstrap
        share_a               | double    | share of 1,000 bootstrap draws with grade A
        share_b               | double    | the same for B
        share_c               | double    | the same for C
        strong_baseline_hits  | bigint    | high-value customers in the list by total spend before the origin
        strong_baseline_lift  | double    | relative change against that list; not graded
        rmse                  | double    | root mean squared error of the amounts; not graded
        baseline_rmse         | double    | the same of the baseline
        rmse_change           | double    | relative change of the error against the baseline
        rmse_cut              | double    | error with both sides cut at the 99 % quantile of the truth
        baseline_rmse_cut     | double    | the same of the baseline
        predicted_total       | double    | predicted amount of the test period
        actual_total          | double    | actual amount of the test period
        fall_backs            | varchar[] | what was done where a model could not be fitted, in the test and now
        warnings              | varchar[] | what to bear in mind, in the test and now
        """,
        required=("months", "trained_on", "origin_day", "test_until", "summary"),
    ),
    retention=RETENTION,
)

CLV_PERCENTILES = Table(
    "clv_percentiles",
    grain="a tenth of the active customers by score",
    key=("model", "percentile"),
    columns=columns(
        """
        model      | varchar | prediction in cdp.yaml
        percentile | integer | 10: the tenth with the highest scores, 100: the one with the lowest
        customers  | bigint  | customers in it
        average    | double  | their average score
        total      | double  | their scores together
        high       | double  | share of them that is high value, in per cent
        low        | double  | share that is not
        """,
        required=("customers", "average", "total", "high", "low"),
    ),
)

CLV_FACTORS = Table(
    "clv_factors",
    grain="something known of customers that the scores of a prediction depend on",
    key=("model", "factor"),
    columns=columns(
        """
        model  | varchar | prediction in cdp.yaml
        factor | varchar | what is known
        impact | double  | its share of the mean change of scores when each factor in turn is set to its median, in per cent
        """,
        required=("impact",),
    ),
)
