"""Indexes of columns that are mostly empty: each new row would write a page of every full one."""

from django.db.models import Index, Q


def where_set(column: str, name: str) -> Index:
    """An index of the rows in which the column is not null; questions for a value use it."""
    return Index(fields=[column], name=name, condition=Q(**{f"{column}__isnull": False}))
