"""Errors that are meant to be read by people: what is wrong, where, what is allowed, what to do."""


class UserError(Exception):
    """A mistake of a user or of the surroundings (file, disk, rights): shown as its message, without a stack trace."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class OutsideError(UserError):
    """Something outside did not answer or was overloaded, and may answer later: the one kind of error that is worth trying again."""
