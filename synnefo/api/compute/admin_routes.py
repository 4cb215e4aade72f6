"""The rows of the compute service's table that are no server's: sizes, limits, groups, the cloud.

`routes.py` has the others and puts them together.
"""

from synnefo.api.compute import flavors, limits
from synnefo.api.routing import Route, Who

FLAVORS = (
    Route(
        "GET",
        "flavors",
        flavors.list_brief,
        Who.READER,
        query=flavors.QUERY,
        gives={200: flavors.LIST_SHAPE},
    ),
    Route(
        "POST",
        "flavors",
        flavors.create,
        Who.ADMIN,
        body=flavors.CREATE,
        gives={200: flavors.SHAPE},
    ),
    Route(
        "GET",
        "flavors/detail",
        flavors.list_detail,
        Who.READER,
        query=flavors.QUERY,
        gives={200: flavors.LIST_SHAPE},
    ),
    Route("GET", "flavors/{id}", flavors.show, Who.READER, gives={200: flavors.SHAPE}),
    Route(
        "PUT",
        "flavors/{id}",
        flavors.update,
        Who.ADMIN,
        body=flavors.UPDATE,
        gives={200: flavors.SHAPE},
    ),
    Route("DELETE", "flavors/{id}", flavors.delete, Who.ADMIN, gives={202: None}),
    Route(
        "POST",
        "flavors/{id}/action",
        flavors.act,
        Who.ADMIN,
        body=flavors.ACTION,
        gives={200: flavors.ACCESS_SHAPE},
    ),
    Route(
        "GET",
        "flavors/{id}/os-flavor-access",
        flavors.access,
        Who.ADMIN,
        gives={200: flavors.ACCESS_SHAPE},
    ),
    Route(
        "GET",
        "flavors/{id}/os-extra_specs",
        flavors.specs,
        Who.READER,
        gives={200: flavors.SPECS},
    ),
    Route(
        "POST",
        "flavors/{id}/os-extra_specs",
        flavors.set_specs,
        Who.ADMIN,
        body=flavors.SPECS,
        gives={200: flavors.SPECS},
    ),
    Route(
        "GET",
        "flavors/{id}/os-extra_specs/{key}",
        flavors.spec,
        Who.READER,
        gives={200: flavors.SPEC},
    ),
    Route(
        "PUT",
        "flavors/{id}/os-extra_specs/{key}",
        flavors.set_spec,
        Who.ADMIN,
        body=flavors.SPEC,
        gives={200: flavors.SPEC},
    ),
    Route(
        "DELETE",
        "flavors/{id}/os-extra_specs/{key}",
        flavors.unset_spec,
        Who.ADMIN,
        gives={200: None},
    ),
)
PROJECTS = (
    Route("GET", "limits", limits.show, Who.READER),
    Route("GET", "os-quota-sets/{id}", limits.quota_set, Who.READER),
    Route("GET", "os-quota-sets/{id}/defaults", limits.quota_defaults, Who.READER),
    Route("GET", "os-quota-sets/{id}/detail", limits.quota_detail, Who.READER),
    Route("GET", "os-availability-zone", limits.zones, Who.READER),
    Route("GET", "os-availability-zone/detail", limits.zones_detail, Who.ADMIN),
)
ROUTES = (*FLAVORS, *PROJECTS)
