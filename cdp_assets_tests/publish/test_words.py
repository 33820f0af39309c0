"""Letters are made alike in the same way in SQL and in Python."""

import pytest

from cdp_assets.lake import session
from cdp_assets.publish import words

TEXTS = [
    "Ann-Marie O'Brien", "O\u2019Brien", "D`Arcy", "  Two\t Blanks ", "José", "Jose\u0301", "Müller", "MU\u0308LLER", "Straße",
    "Łukasz Æbel", "山田 太郎", "Иван", "a\u00a0b", "İstanbul", '(Smith), "Jo"', "++", "", "ann@example.com", "\U0001f600 smile",
    "Özgür Ärger", "\u3000wide\u3000", "x\u200by",
]  # fmt: skip


@pytest.mark.parametrize("text", TEXTS)
def test_sql_and_python_fold_alike(text):
    with session() as connection:
        words.teach(connection)
        sql = "select fold(t), fold(umlauts_in_two_letters(t)), words_of(fold(t)) from (select cast($text as varchar) as t)"
        plain, german, in_words = connection.execute(sql, {"text": text}).fetchall()[0]
    assert plain == words.fold(text)
    assert list(dict.fromkeys([plain, german])) == words.spellings(text)
    assert in_words == words.words_of(plain)


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("+44 20 7946 0958", ["442079460958", "079460958"]),
        ("(020) 7946-0958", ["02079460958", "079460958"]),
        ("79460", ["79460"]),
        ("1234", []),  # could be any id
        ("12345a", []),
    ],
)
def test_digits_of_telephone_number(text, digits):
    assert words.digits_of(text) == digits


def test_after_prefix_is_above_all_texts_with_the_prefix():
    assert words.after_prefix("ann") == "ano"
    assert words.after_prefix("ann") > "ann~"
