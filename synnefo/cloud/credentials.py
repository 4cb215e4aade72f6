"""What the clients of a cloud need to know: openrc, clouds.yaml, and the shell's environment."""

from __future__ import annotations

import shlex
from urllib.parse import urlsplit

from synnefo.cloud.layout import Layout, write_private
from synnefo.cloud.python_environment import PythonEnvironment

USERS = ("demo", "admin")
CLOUD_ENTRY = """\
  {user}:
    auth:
      auth_url: {url}/identity/v3
      username: {user}
      password: "{password}"
      project_name: {user}
      user_domain_name: Default
      project_domain_name: Default
    region_name: RegionOne
    identity_api_version: 3
"""


def write(layout: Layout) -> None:
    """The files that scripts and the openstack client read."""
    write_private(layout.state / "openrc", openrc(layout))
    write_private(layout.state / "clouds.yaml", clouds_yaml(layout))


def clouds_yaml(layout: Layout) -> str:
    """One entry per user, called after the user."""
    passwords = layout.passwords()
    entries = [
        CLOUD_ENTRY.format(user=user, url=layout.url, password=passwords[f"{user}_password"])
        for user in USERS
    ]
    return "clouds:\n" + "".join(entries)


def openrc(layout: Layout) -> str:
    """For `source`, as OpenStack's users know it."""
    return exports(
        {
            "OS_AUTH_URL": f"{layout.url}/identity/v3",
            "OS_IDENTITY_API_VERSION": "3",
            "OS_USERNAME": "demo",
            "OS_PASSWORD": layout.passwords()["demo_password"],
            "OS_PROJECT_NAME": "demo",
            "OS_USER_DOMAIN_NAME": "Default",
            "OS_PROJECT_DOMAIN_NAME": "Default",
            "OS_REGION_NAME": "RegionOne",
        }
    )


def environment(layout: Layout, python: PythonEnvironment) -> str:
    """For `eval "$(./cloud env)"`: the user's and the administrator's commands work after it."""
    names = {
        **client(layout),
        "SYNNEFO_URL": layout.url,
        "SYNNEFO_STATE": str(layout.state),
        "SYNNEFO_METRICS": " ".join(layout.metrics_urls()),
        **_cluster(layout),
    }
    return f'export PATH={shlex.quote(str(python.bin))}:"$PATH"\n' + exports(names)


def _cluster(layout: Layout) -> dict[str, str]:
    """How programs reach the cluster; of somebody else's the password is not ours to hand out."""
    if layout.attached:
        parts = urlsplit(layout.choices.backend)
        url = f"https://{parts.hostname}:{parts.port or 5080}"
        return {"GANETI_RAPI_URL": url, "GANETI_RAPI_USER": parts.username or ""}
    user, password = layout.rapi_account()
    return {
        "GANETI_RAPI_URL": f"https://127.0.0.1:{layout.rapi_port}",
        "GANETI_RAPI_USER": user,
        "GANETI_RAPI_PASSWORD": password,
        "GANETI_RAPI_CA": str(layout.ca_file),
        "GANETI_QUEUE_DIR": str(layout.queue),
    }


def client(layout: Layout) -> dict[str, str]:
    """What sets up the openstack client."""
    return {"OS_CLOUD": "demo", "OS_CLIENT_CONFIG_FILE": str(layout.state / "clouds.yaml")}


def exports(names: dict[str, str]) -> str:
    """Shell lines, quoted where needed."""
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in names.items())
