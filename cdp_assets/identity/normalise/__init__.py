"""What is made alike before two values are compared; the data themselves are not changed.

`forms` says in SQL what a comparable form is. The other modules are the options that need more than SQL, one each, as plain
functions from text to text; `functions` hands them to DuckDB.
"""

from cdp_assets.identity.normalise.forms import MAX_WORDS, Form, View, companion_of
from cdp_assets.identity.normalise.functions import FUNCTIONS, functions_in

__all__ = ["FUNCTIONS", "MAX_WORDS", "Form", "View", "companion_of", "functions_in"]
