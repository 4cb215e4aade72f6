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
    domain_id: str = ""  # of a token for a domain
    system: bool = False  # of a token for the whole system
    delegated: bool = False  # by a credential or a trust that makes no further ones
    credential_id: str = ""  # the application credential that acts, if it is tied to access rules

    @property
    def is_admin(self) -> bool:
        """Whether this caller may see and change what belongs to other projects."""
        return "admin" in self.roles

    @property
    def is_service(self) -> bool:
        """Whether this caller is another service, which does for its users what they may not."""
        return "service" in self.roles

    @property
    def is_manager(self) -> bool:
        """Whether this caller manages the project."""
        return bool({"manager", "admin"} & self.roles)
