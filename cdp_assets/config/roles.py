"""The section ``roles``: who may do what. What each role may do is said where it is asked for."""

from enum import IntEnum
from typing import Self

from pydantic import model_validator

from cdp_assets.config.base import RefusedError, Section, Text


class Role(IntEnum):
    """The roles; a greater one may do all that a lesser one may."""

    viewer = 1
    contributor = 2
    administrator = 3
    owner = 4


class Roles(Section):
    """The names of the users that have each role."""

    owner: tuple[Text, ...] = ()
    """Users who may do everything."""
    administrator: tuple[Text, ...] = ()
    """Users who may change the configuration and run everything."""
    contributor: tuple[Text, ...] = ()
    """Users who may refresh and decide."""
    viewer: tuple[Text, ...] = ()
    """Users who may look."""

    @model_validator(mode="after")
    def _one_role_a_user(self) -> Self:
        users = [user for role in Role for user in getattr(self, role.name)]
        if self.model_fields_set and not users:
            raise RefusedError("names nobody; name at least an owner, or leave the section out: then whoever can use the project is one")
        twice = sorted({user for user in users if users.count(user) > 1})
        if twice:
            raise RefusedError(f"a user has one role, the highest is enough; named more than once: {', '.join(twice)}", certain=True)
        return self

    def role_of(self, user: str) -> Role | None:
        """The role of a user; None for one who is not named."""
        return next((role for role in Role if user in getattr(self, role.name)), None)
