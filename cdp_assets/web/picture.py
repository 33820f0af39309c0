"""The picture of a person or the logo of a company beside the title of a card."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from cdp_assets.config.fields import IMAGES, PUBLIC_ADDRESS

PERSON, LOGO = IMAGES


@dataclass(frozen=True)
class Picture:
    """A picture at a public address; `word` is what it is."""

    address: str
    word: str


def picture_of(values: Iterable[tuple[str, object]]) -> Picture | None:
    """The first picture of a person among these values with their types in cdp.yaml, else the first logo; None: there is none.

    Sources let nothing but public addresses through; what is asked here again holds whatever they did.
    """
    known = [(meaning, value) for meaning, value in values if isinstance(value, str) and re.fullmatch(PUBLIC_ADDRESS, value)]
    found = (
        Picture(value, word) for wanted, word in ((PERSON, "picture"), (LOGO, "logo")) for meaning, value in known if meaning == wanted
    )
    return next(found, None)
