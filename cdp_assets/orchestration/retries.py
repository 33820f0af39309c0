"""What is tried again: steps that the outside kept waiting (OutsideError), a few times, with growing pauses. Nothing else is.

Bad input, a broken configuration and our own faults stay what they are however often one tries. An export may raise OutsideError only
while nothing of it has left: its step is tried again as a whole. Reading is always safe to repeat: a step commits whole or not at all.
"""

import hashlib

import dagster as dg

MOST = 3
"""Times that a step is tried again."""
FIRST_SECONDS = 10.0
"""The longest first pause; each further one is twice as long."""


def pause(run_id: str, step: str, attempt: int, first: float = FIRST_SECONDS) -> float:
    """Seconds before the attempt after `attempt` (counted from 0): between half and all of `first * 2^attempt`.

    Which part is drawn from the names of run and step, so that two steps do not come back at the same instant and yet the same
    run waits as long when it is looked at again.
    """
    drawn = int.from_bytes(hashlib.blake2b(f"{run_id}\0{step}\0{attempt}".encode(), digest_size=4).digest()) / 2**32
    return float(first * 2**attempt * (0.5 + drawn / 2))


def again(run_id: str, step: str, attempt: int) -> dg.RetryRequested | None:
    """What to raise to be tried again; None where the step has been tried often enough."""
    if attempt >= MOST:
        return None
    return dg.RetryRequested(max_retries=MOST, seconds_to_wait=pause(run_id, step, attempt, FIRST_SECONDS))
