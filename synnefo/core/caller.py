"""Who is asking."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Caller:
    """A user acting in a project during one request."""

    user_id: str
    user_name: str
    project_id: str
    project_name: str
    roles: frozenset[str]
    request_id: str

    @property
    def is_admin(self) -> bool:
        """Whether this caller may see and change what belongs to other projects."""
        return "admin" in self.roles
