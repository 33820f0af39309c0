"""What a viewer sees of a person's value: its form, as the profiles of columns tell it."""

import unicodedata


def masked(value: str) -> str:
    """The form of a value: letters as one a, each digit as 9, spaces as one, what is none of ASCII's signs as ?."""
    result: list[str] = []
    for letter in value:
        if unicodedata.category(letter)[0] in "LM":
            form = "a"
        elif unicodedata.category(letter)[0] == "N":
            form = "9"
        elif letter.isspace():
            form = " "
        else:
            form = letter if " " <= letter <= "~" else "?"
        if not (form in ("a", " ") and result and result[-1] == form):
            result.append(form)
    return "".join(result)[:40]
