"""The routes of the catalog, of what filters it, and of documents kept for others."""

from synnefo.api.identity import endpoint_filters as filters
from synnefo.api.identity import endpoints, federation, limits, policies, records
from synnefo.api.identity.lists import query_of
from synnefo.api.routing import Route, Who

KNOWN, ADMIN, SYSTEM = Who.KNOWN, Who.ADMIN, Who.OVERSEER
NOTHING = {204: None}
PAGE = ("limit", "marker")
REGIONS = (
    Route("GET", "regions", endpoints.regions, KNOWN, None, {200: endpoints.REGIONS_SHAPE},
          ("parent_region_id",)),
    Route("POST", "regions", endpoints.create_region, ADMIN, endpoints.CREATE_REGION,
          {201: endpoints.REGION_SHAPE}),
    Route("GET", "regions/{id}", endpoints.region, KNOWN, gives={200: endpoints.REGION_SHAPE}),
    Route("PUT", "regions/{id}", endpoints.put_region, ADMIN, endpoints.CREATE_REGION,
          {201: endpoints.REGION_SHAPE}),
    Route("PATCH", "regions/{id}", endpoints.update_region, ADMIN, endpoints.UPDATE_REGION,
          {200: endpoints.REGION_SHAPE}),
    Route("DELETE", "regions/{id}", endpoints.delete_region, ADMIN, gives=NOTHING),
)  # fmt: skip
SERVICES = (
    Route("GET", "services", endpoints.services, SYSTEM, None, {200: endpoints.SERVICES_SHAPE},
          ("type", "name")),
    Route("POST", "services", endpoints.create_service, ADMIN, endpoints.CREATE_SERVICE,
          {201: endpoints.SERVICE_SHAPE}),
    Route("GET", "services/{id}", endpoints.service, SYSTEM, gives={200: endpoints.SERVICE_SHAPE}),
    Route("PATCH", "services/{id}", endpoints.update_service, ADMIN, endpoints.UPDATE_SERVICE,
          {200: endpoints.SERVICE_SHAPE}),
    Route("DELETE", "services/{id}", endpoints.delete_service, ADMIN, gives=NOTHING),
)  # fmt: skip
ENDPOINTS = (
    Route("GET", "endpoints", endpoints.endpoints, SYSTEM, None,
          {200: endpoints.ENDPOINTS_SHAPE}, ("interface", "service_id", "region_id", "region")),
    Route("POST", "endpoints", endpoints.create_endpoint, ADMIN, endpoints.CREATE_ENDPOINT,
          {201: endpoints.ENDPOINT_SHAPE}),
    Route("GET", "endpoints/{id}", endpoints.endpoint, SYSTEM,
          gives={200: endpoints.ENDPOINT_SHAPE}),
    Route("PATCH", "endpoints/{id}", endpoints.update_endpoint, ADMIN,
          endpoints.UPDATE_ENDPOINT, {200: endpoints.ENDPOINT_SHAPE}),
    Route("DELETE", "endpoints/{id}", endpoints.delete_endpoint, ADMIN, gives=NOTHING),
)  # fmt: skip
GROUPS = "OS-EP-FILTER/endpoint_groups"
ONE, SHOWN_TO = GROUPS + "/{id}", GROUPS + "/{id}/projects/{project}"
TO_PROJECT = "OS-EP-FILTER/projects/{id}"
FILTERS = (
    Route("GET", GROUPS, filters.groups, SYSTEM, None, {200: filters.LIST_SHAPE},
          ("name", *PAGE)),
    Route("POST", GROUPS, filters.create, ADMIN, filters.CREATE, {201: filters.SHAPE}),
    Route("GET", ONE, filters.group, SYSTEM, gives={200: filters.SHAPE}),
    Route("PATCH", ONE, filters.update, ADMIN, filters.UPDATE, {200: filters.SHAPE}),
    Route("DELETE", ONE, filters.delete, ADMIN, gives=NOTHING),
    Route("GET", ONE + "/projects", filters.group_projects, SYSTEM,
          gives={200: records.PROJECTS_SHAPE}),
    Route("GET", ONE + "/endpoints", filters.group_endpoints, SYSTEM,
          gives={200: endpoints.ENDPOINTS_SHAPE}),
    Route("GET", SHOWN_TO, filters.is_group_shown, SYSTEM, gives={200: filters.SHAPE}),
    Route("PUT", SHOWN_TO, filters.show_group_to, ADMIN, gives=NOTHING),
    Route("DELETE", SHOWN_TO, filters.hide_group_from, ADMIN, gives=NOTHING),
    Route("GET", "OS-EP-FILTER/endpoints/{endpoint}/projects", filters.endpoint_projects, SYSTEM,
          gives={200: records.PROJECTS_SHAPE}),
    Route("GET", TO_PROJECT + "/endpoint_groups", filters.project_groups, SYSTEM, None,
          {200: filters.LIST_SHAPE}, PAGE),
    Route("GET", TO_PROJECT + "/endpoints", filters.project_endpoints, SYSTEM,
          gives={200: endpoints.ENDPOINTS_SHAPE}),
    Route("GET", TO_PROJECT + "/endpoints/{endpoint}", filters.is_endpoint_shown, SYSTEM,
          gives=NOTHING),
    Route("PUT", TO_PROJECT + "/endpoints/{endpoint}", filters.show_endpoint_to, ADMIN,
          gives=NOTHING),
    Route("DELETE", TO_PROJECT + "/endpoints/{endpoint}", filters.hide_endpoint_from, ADMIN,
          gives=NOTHING),
)  # fmt: skip
CONSUMERS = "OS-OAUTH1/consumers"
DOCUMENTS = (
    Route("GET", "policies", policies.index, SYSTEM, None, {200: policies.LIST_SHAPE},
          ("type", *PAGE)),
    Route("POST", "policies", policies.create, ADMIN, policies.CREATE, {201: policies.SHAPE}),
    Route("GET", "policies/{id}", policies.show, SYSTEM, gives={200: policies.SHAPE}),
    Route("PATCH", "policies/{id}", policies.update, ADMIN, policies.UPDATE,
          {200: policies.SHAPE}),
    Route("DELETE", "policies/{id}", policies.delete, ADMIN, gives=NOTHING),
    Route("GET", CONSUMERS, policies.consumers, SYSTEM, None, {200: policies.CONSUMERS_SHAPE},
          PAGE),
    Route("POST", CONSUMERS, policies.create_consumer, ADMIN, policies.CONSUMER,
          {201: policies.CONSUMER_SHAPE}),
    Route("GET", CONSUMERS + "/{id}", policies.consumer, SYSTEM,
          gives={200: policies.CONSUMER_SHAPE}),
    Route("PATCH", CONSUMERS + "/{id}", policies.update_consumer, ADMIN, policies.CONSUMER,
          {200: policies.CONSUMER_SHAPE}),
    Route("DELETE", CONSUMERS + "/{id}", policies.delete_consumer, ADMIN, gives=NOTHING),
)  # fmt: skip
LIMITS = (
    Route("GET", "limits", limits.limits, KNOWN, None, {200: limits.LIST_SHAPE},
          query_of(limits.FILTERS)),
    Route("POST", "limits", limits.create, ADMIN, limits.CREATE, {201: limits.MADE_SHAPE}),
    Route("GET", "limits/model", limits.model, KNOWN, gives={200: limits.MODEL_SHAPE}),
    Route("GET", "limits/{id}", limits.limit, KNOWN, gives={200: limits.SHAPE}),
    Route("PATCH", "limits/{id}", limits.change, ADMIN, limits.CHANGE, {200: limits.SHAPE}),
    Route("DELETE", "limits/{id}", limits.delete, ADMIN, gives=NOTHING),
    Route("GET", "registered_limits", limits.registered_limits, KNOWN, None,
          {200: limits.REGISTERED_LIST_SHAPE}, limits.SUBJECT),
    Route("POST", "registered_limits", limits.register, ADMIN, limits.REGISTER,
          {201: limits.MADE_REGISTERED_SHAPE}),
    Route("GET", "registered_limits/{id}", limits.registered_limit, KNOWN,
          gives={200: limits.REGISTERED_SHAPE}),
    Route("PATCH", "registered_limits/{id}", limits.change_registered, ADMIN,
          limits.CHANGE_REGISTERED, {200: limits.REGISTERED_SHAPE}),
    Route("DELETE", "registered_limits/{id}", limits.unregister, ADMIN, gives=NOTHING),
)  # fmt: skip
ROUTES = (
    *REGIONS, *SERVICES, *ENDPOINTS, *FILTERS, *DOCUMENTS, *LIMITS, *federation.ROUTES,
)  # fmt: skip
