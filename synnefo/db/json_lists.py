"""Conditions on lists that are kept in one column of JSON, on every database."""

from typing import Any

from django.db.models import BooleanField, F, Func, TextField, Value


class ListHolds(Func):
    """Whether a list has this text among its entries."""

    output_field = BooleanField()

    def __init__(self, column: str, text: str) -> None:
        super().__init__(F(column), Value(text, output_field=TextField()))

    def copy(self) -> "ListHolds":
        """Another one like this: `__init__` takes something else than what it keeps."""
        twin = object.__new__(type(self))
        twin.__dict__ = self.__dict__.copy()
        twin.source_expressions = self.source_expressions[:]
        return twin

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """One row for each entry."""
        return self.as_sql(
            compiler,
            connection,
            template="EXISTS(SELECT 1 FROM json_each(%(expressions)s)",
            arg_joiner=") WHERE json_each.value = ",
            **context,
        )

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """The operator that looks into JSON."""
        return self.as_sql(
            compiler,
            connection,
            template="(%(expressions)s::text))",
            arg_joiner=" @> to_jsonb(",
            **context,
        )
