"""The rows of the compute service's table that are no server's: sizes, limits, groups, the cloud.

`routes.py` has the others and puts them together.
"""

from synnefo.api.compute import flavors, limits, quotas, zones
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
    Route("GET", "limits", limits.show, Who.READER, query=limits.QUERY, gives={200: limits.SHAPE}),
    Route(
        "GET",
        "os-quota-sets/{id}",
        quotas.show,
        Who.READER,
        query=quotas.QUERY,
        gives={200: quotas.SHAPE},
    ),
    Route(
        "PUT",
        "os-quota-sets/{id}",
        quotas.change,
        Who.ADMIN,
        body=quotas.CHANGE,
        query=quotas.QUERY,
        gives={200: quotas.SHAPE},
    ),
    Route(
        "DELETE",
        "os-quota-sets/{id}",
        quotas.reset,
        Who.ADMIN,
        query=quotas.QUERY,
        gives={202: None},
    ),
    Route(
        "GET",
        "os-quota-sets/{id}/defaults",
        quotas.defaults,
        Who.READER,
        gives={200: quotas.SHAPE},
    ),
    Route(
        "GET",
        "os-quota-sets/{id}/detail",
        quotas.detail,
        Who.READER,
        query=quotas.QUERY,
        gives={200: quotas.SHAPE},
    ),
    Route(
        "GET",
        "os-quota-class-sets/{id}",
        quotas.show_class,
        Who.ADMIN,
        gives={200: quotas.CLASS_SHAPE},
    ),
    Route(
        "PUT",
        "os-quota-class-sets/{id}",
        quotas.change_class,
        Who.ADMIN,
        body=quotas.CHANGE_CLASS,
        gives={200: quotas.CLASS_SHAPE},
    ),
)
CLOUD = (
    Route("GET", "os-availability-zone", zones.index, Who.READER, gives={200: zones.SHAPE}),
    Route("GET", "os-availability-zone/detail", zones.detail, Who.ADMIN, gives={200: zones.SHAPE}),
)
ROUTES = (*FLAVORS, *PROJECTS, *CLOUD)
