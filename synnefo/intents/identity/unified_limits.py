"""Limits that operators register for services, and those of single projects and domains.

As in Keystone a limit is a declaration: the service that it names is to enforce it. Of the limits
here those are in force that stand for quotas of this cloud (`own`): these are written to the books
of the quotas, and read from there. All others are kept for whoever asks; nothing here obeys them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple, NoReturn

from synnefo.core.faults import BadRequest, Conflict, Forbidden
from synnefo.core.unified_limits import Own, Subject
from synnefo.db.models import (
    CatalogService,
    Domain,
    Project,
    QuotaLimit,
    Region,
    RegisteredLimit,
    UnifiedLimit,
)
from synnefo.db.transactions import writing
from synnefo.intents import quota_limits
from synnefo.intents.identity import identity_rows


class Known(NamedTuple):
    """What the cloud itself has: services and regions by id, and limits that it registers."""

    services: Collection[str]
    regions: Collection[str]
    own: Mapping[Subject, Own]


def _subject(row: RegisteredLimit | UnifiedLimit) -> Subject:
    return Subject(row.service_id, row.region_id, row.resource_name)


def _name(row: RegisteredLimit | UnifiedLimit, wish: Mapping[str, Any], known: Known) -> None:
    """What the limit is about from now on; BadRequest if there is no such service or region."""
    row.service_id = wish.get("service_id", row.service_id)
    row.region_id = (wish["region_id"] or "") if "region_id" in wish else row.region_id
    row.resource_name = wish.get("resource_name", row.resource_name)
    row.description = wish.get("description", row.description)
    of_cloud = row.service_id in known.services
    if not of_cloud and not CatalogService.objects.filter(pk=row.service_id).exists():
        raise BadRequest(f"Could not find service: {row.service_id}.", field="service_id")
    here = row.region_id in known.regions or not row.region_id
    if not here and not Region.objects.filter(pk=row.region_id).exists():
        raise BadRequest(f"Could not find region: {row.region_id}.", field="region_id")


# --- what is registered --------------------------------------------------------------------------


def registered(key: str) -> RegisteredLimit:
    """The registered limit; NotFound if there is none."""
    return identity_rows.found(RegisteredLimit.objects.all(), key, "registered limit")


def _limits_of(row: RegisteredLimit) -> bool:
    about = _subject(row)._asdict()
    return UnifiedLimit.objects.filter(**about).exists()


def _refuse_used(row: RegisteredLimit) -> NoReturn:
    raise Forbidden(
        f"Unable to update or delete registered limit {row.id} because there are project limits"
        " associated with it."
    )


def register(wishes: Iterable[Mapping[str, Any]], known: Known) -> list[RegisteredLimit]:
    """All of these, or none."""
    rows = []
    with identity_rows.storing("registered_limit", "Duplicate entry."):
        for wish in wishes:
            row = RegisteredLimit(default_limit=wish["default_limit"])
            _name(row, wish, known)
            _check_new(row, known)
            row.save(force_insert=True)
            rows.append(row)
    return rows


def _check_new(row: RegisteredLimit, known: Known) -> None:
    if _subject(row) in known.own:
        raise Conflict(
            "Conflict occurred attempting to store registered_limit -"
            f" the cloud registers {row.resource_name} itself."
        )


def change_registered(key: str, wish: Mapping[str, Any], known: Known) -> RegisteredLimit:
    """Change a registered limit; what limits refer to stays about the same."""
    row = registered(key)
    with identity_rows.storing("registered_limit", "Duplicate entry."):
        before, used = _subject(row), _limits_of(row)
        _name(row, wish, known)
        if _subject(row) != before:
            if used:
                _refuse_used(row)
            _check_new(row, known)
        row.default_limit = wish.get("default_limit", row.default_limit)
        row.save()
    return row


def refuse_own(key: str) -> NoReturn:
    """What the cloud registers is about its quotas, and stays so."""
    raise Forbidden(
        f"The registered limit {key} is one of this cloud itself: only its default can be changed."
    )


def change_own(own: Own, default_limit: int) -> None:
    """What every project may have that has no limit of its own."""
    quota_limits.change_defaults("default", {own.quota: default_limit})


def unregister(key: str) -> None:
    """Delete a registered limit that nothing refers to."""
    row = registered(key)
    with writing():
        if _limits_of(row):
            _refuse_used(row)
        row.delete()


# --- what one project or domain may have ---------------------------------------------------------


def get(key: str) -> UnifiedLimit:
    """The limit; NotFound if there is none."""
    return identity_rows.found(UnifiedLimit.objects.all(), key, "limit")


def create(wishes: Iterable[Mapping[str, Any]], known: Known) -> list[UnifiedLimit]:
    """All of these, or none."""
    rows = []
    with identity_rows.storing("limit", "Duplicate entry."):
        for wish in wishes:
            row = UnifiedLimit(resource_limit=wish["resource_limit"])
            _name(row, wish, known)
            _place(row, wish)
            _check_registered(row, known)
            row.save(force_insert=True)
            _enforce(row, known)
            rows.append(row)
    return rows


def _place(row: UnifiedLimit, wish: Mapping[str, Any]) -> None:
    """Whose limit it is."""
    project, domain = wish.get("project_id"), wish.get("domain_id")
    if bool(project) == bool(domain):
        raise BadRequest("A limit is of a project or of a domain: name one of them.")
    if project and not Project.objects.filter(pk=project).exists():
        raise BadRequest(f"Could not find project: {project}.", field="project_id")
    if domain and not Domain.objects.filter(pk=domain).exists():
        raise BadRequest(f"Could not find domain: {domain}.", field="domain_id")
    row.project_id, row.domain_id = project or None, domain or None


def _check_registered(row: UnifiedLimit, known: Known) -> None:
    about = _subject(row)
    if about not in known.own and not RegisteredLimit.objects.filter(**about._asdict()).exists():
        raise Forbidden(
            "Unable to create a limit that has no corresponding registered limit:"
            f" register {row.resource_name} for this service and region before."
        )


def _quota(row: UnifiedLimit, known: Known) -> str | None:
    """The quota that the limit stands for; None if others are to enforce it."""
    own = known.own.get(_subject(row))
    return own.quota if own and row.project_id else None


def _enforce(row: UnifiedLimit, known: Known) -> None:
    name = _quota(row, known)
    if name is not None:
        quota_limits.change(str(row.project_id), {name: row.resource_limit})


def change(key: str, wish: Mapping[str, Any], known: Known) -> UnifiedLimit:
    """Change the number or the description."""
    row = get(key)
    row.description = wish.get("description", row.description)
    with writing():
        if "resource_limit" in wish:
            row.resource_limit = wish["resource_limit"]
            _enforce(row, known)
        row.save()
    return row


def delete(key: str, known: Known) -> None:
    """What is registered holds again."""
    row = get(key)
    with writing():
        name = _quota(row, known)
        if name is not None:
            quota_limits.forget(str(row.project_id), [name])
        row.delete()


def forget_service(service_id: str) -> None:
    """A service that is gone has no limits; in the transaction that deletes it."""
    for model in (UnifiedLimit, RegisteredLimit):
        model.objects.filter(service_id=service_id).delete()


def numbers(rows: Iterable[UnifiedLimit], known: Known) -> dict[str, int]:
    """What each limit is, by its id: of a quota what is in force, whoever said so."""
    shown = list(rows)
    quotas = {row.id: name for row in shown if (name := _quota(row, known))}
    told = {row.id: row.resource_limit for row in shown}
    if not quotas:
        return told
    projects = {row.project_id for row in shown if row.id in quotas}
    found = QuotaLimit.objects.filter(project_id__in=projects, resource__in=quotas.values())
    in_force = {(one.project_id, one.resource): one.limit for one in found}
    defaults = quota_limits.defaults()
    for row in shown:
        name = quotas.get(row.id)
        if name is not None:
            told[row.id] = in_force.get((str(row.project_id), name), defaults[name])
    return told
