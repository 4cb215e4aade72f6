"""The image service: every path, what answers it and who may ask."""

from synnefo.api import versions
from synnefo.api.image import images, listing
from synnefo.api.routing import Route, Service, Who

ROOTS = (
    Route("GET", "", versions.image_root, Who.ANYBODY),
    Route("GET", "versions", versions.image_versions, Who.ANYBODY),
)
ROUTES = (
    Route("GET", "images", listing.index, Who.READER),
    Route("POST", "images", images.create, Who.MEMBER),
    Route("GET", "images/{id}", images.show, Who.READER),
    Route("PATCH", "images/{id}", images.update, Who.MEMBER),
    Route("DELETE", "images/{id}", images.delete, Who.MEMBER),
    Route("PUT", "images/{id}/file", images.upload, Who.MEMBER),
    Route("GET", "images/{id}/file", images.download, Who.READER),
    Route("PUT", "images/{id}/tags/{tag}", images.add_tag, Who.MEMBER),
    Route("DELETE", "images/{id}/tags/{tag}", images.delete_tag, Who.MEMBER),
)
SERVICE = Service("image", ROOTS, ("v2",), ROUTES)
