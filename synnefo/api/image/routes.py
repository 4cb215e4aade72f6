"""The image service: every path, what answers it and who may ask."""

from synnefo.api import bodies, versions
from synnefo.api.image import data, fields, images, imports, listing, members, schemas
from synnefo.api.image.metadef_routes import ROUTES as METADEF_ROUTES
from synnefo.api.image.records import SHAPE
from synnefo.api.routing import Route, Service, Who

ANY = bodies.record({}, rest=bodies.anything)
PATCHES = (fields.NEW_PATCH, fields.OLD_PATCH, fields.COMMON_PATCH)
ROOTS = (
    Route("GET", "", versions.image_root, Who.ANYBODY, gives={300: versions.LIST_SHAPE}),
    Route(
        "GET", "versions", versions.image_versions, Who.ANYBODY, gives={200: versions.LIST_SHAPE}
    ),
)
IMAGES = (
    Route(
        "GET", "images", listing.index, Who.READER, gives={200: listing.SHAPE}, query=listing.QUERY
    ),
    Route("POST", "images", images.create, Who.MEMBER, fields.CREATION, {201: SHAPE}),
    Route("GET", "images/{id}", images.show, Who.READER, gives={200: SHAPE}),
    Route(
        "PATCH", "images/{id}", images.update, Who.MEMBER, fields.PATCH, {200: SHAPE}, (), PATCHES
    ),
    Route("DELETE", "images/{id}", images.delete, Who.MEMBER, gives={204: None}),
    Route("PUT", "images/{id}/tags/{tag}", images.add_tag, Who.MEMBER, gives={204: None}),
    Route("DELETE", "images/{id}/tags/{tag}", images.delete_tag, Who.MEMBER, gives={204: None}),
    Route(
        "POST", "images/{id}/actions/deactivate", images.deactivate, Who.MEMBER, gives={204: None}
    ),
    Route(
        "POST", "images/{id}/actions/reactivate", images.reactivate, Who.MEMBER, gives={204: None}
    ),
    Route("GET", "images/{id}/locations", images.locations, Who.MEMBER, gives={403: None}),
    Route("POST", "images/{id}/locations", images.locations, Who.MEMBER, ANY, {403: None}),
    Route("DELETE", "stores/{name}/{id}", images.leave_store, Who.ADMIN, gives={403: None}),
)
DATA = (
    Route(
        "PUT", "images/{id}/file", data.upload, Who.MEMBER, gives={204: None}, media=(data.BYTES,)
    ),
    Route(
        "PUT", "images/{id}/stage", data.stage, Who.MEMBER, gives={204: None}, media=(data.BYTES,)
    ),
    Route(
        "GET",
        "images/{id}/file",
        data.download,
        Who.MEMBER,
        gives={200: None, 204: None, 206: None},
    ),
)
MEMBERS = (
    Route("GET", "images/{id}/members", members.index, Who.READER, gives={200: members.LIST}),
    Route(
        "POST", "images/{id}/members", members.add, Who.MEMBER, members.ADD, {200: members.SHAPE}
    ),
    Route(
        "GET", "images/{id}/members/{name}", members.show, Who.READER, gives={200: members.SHAPE}
    ),
    Route(
        "PUT",
        "images/{id}/members/{name}",
        members.update,
        Who.MEMBER,
        members.ANSWER,
        {200: members.SHAPE},
    ),
    Route("DELETE", "images/{id}/members/{name}", members.remove, Who.MEMBER, gives={204: None}),
)
IMPORTS = (
    Route(
        "POST", "images/{id}/import", imports.import_image, Who.MEMBER, imports.IMPORT, {202: None}
    ),
    Route(
        "GET",
        "images/{id}/tasks",
        imports.tasks_of_image,
        Who.READER,
        gives={200: imports.TASKS_OF_IMAGE},
    ),
    Route(
        "GET",
        "tasks",
        imports.tasks,
        Who.ADMIN,
        gives={200: imports.TASKS},
        query=("type", "status", "limit", "marker", "sort", "sort_key", "sort_dir"),
    ),
    Route("POST", "tasks", imports.create_task, Who.ADMIN, imports.TASK, {201: imports.TASK_SHAPE}),
    Route("GET", "tasks/{id}", imports.task, Who.ADMIN, gives={200: imports.TASK_SHAPE}),
    Route("GET", "info/import", imports.methods, Who.READER, gives={200: imports.METHODS_SHAPE}),
    Route("GET", "info/stores", imports.stores, Who.READER, gives={200: imports.STORES_SHAPE}),
    Route(
        "GET",
        "info/stores/detail",
        imports.stores_detail,
        Who.ADMIN,
        gives={200: imports.STORES_SHAPE},
    ),
    Route("GET", "info/usage", imports.usage, Who.READER, gives={200: imports.USAGE_SHAPE}),
)
SCHEMAS = (
    Route("GET", "schemas/{name}", schemas.shower(schemas.PLAIN), Who.READER, gives={200: ANY}),
    Route(
        "GET",
        "schemas/metadefs/{name}",
        schemas.shower(schemas.METADEFS),
        Who.READER,
        gives={200: ANY},
    ),
)
ROUTES = (*IMAGES, *DATA, *MEMBERS, *IMPORTS, *SCHEMAS, *METADEF_ROUTES)
SERVICE = Service("image", ROOTS, ("v2",), ROUTES)
