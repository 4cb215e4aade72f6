"""A session of somebody whom the file of clouds knows, for the libraries that take one."""

import openstack.config
from keystoneauth1.session import Session


def signed_in(person: str) -> Session:
    """The session of `demo` or `admin`."""
    return openstack.config.OpenStackConfig().get_one(person).get_session()
