"""Query filters: Ganeti's nested lists such as ["&", ["=", "status", "running"], ["?", "offline"]].

`compile_filter` turns one into a function of an object; it runs nothing that the client wrote.
"""

import operator
from collections.abc import Callable, Sequence
from typing import Any

from ganeti_backend import errors
from ganeti_backend.queries import patterns
from ganeti_backend.queries.fields import Field, Kind, Status, Table

Predicate = Callable[[Any, Any], bool]

COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
NUMERIC = (int, float)
# What a field's values can be compared with; any other kind holds lists and the like.
COMPARED_WITH: dict[Kind, tuple[type, ...]] = {
    Kind.TEXT: (str,),
    Kind.NUMBER: NUMERIC,
    Kind.FLOAT: NUMERIC,
    Kind.UNIT: NUMERIC,
    Kind.TIMESTAMP: NUMERIC,
    Kind.BOOL: (bool,),
}
DEEPEST = 20


def compile_filter(table: Table[Any], qfilter: Any, depth: int = 0) -> Predicate:
    """The filter as a function of (object, snapshot); OpPrereqError says what is wrong with it."""
    if qfilter is None:
        return lambda _item, _snapshot: True
    if not isinstance(qfilter, list) or not qfilter or depth > DEEPEST:
        raise _wrong(f"Can't parse filter {qfilter!r}")
    name, *operands = qfilter
    if name in ("&", "|", "!"):
        return _boolean(name, [compile_filter(table, part, depth + 1) for part in operands])
    if name == "?" and len(operands) == 1:
        read = _reader(table, operands[0])
        return lambda item, snapshot: bool(read(item, snapshot))
    if len(operands) != 2:
        raise _wrong(f"Wrong number of operands in filter {qfilter!r}")
    read = _reader(table, operands[0])
    field = table.fields[operands[0]]
    _check_types(name, field, operands[1], is_key=field.name == table.key)
    return _comparison(name, read, operands[1], host=field.host)


def _check_types(name: str, field: Field[Any], value: Any, *, is_key: bool) -> None:
    """Refuse what can never be true: a number's field against a text, and the like."""
    if name == "=[]" and field.kind is not Kind.OTHER:
        raise _wrong(f"'{field.name}' is no list, so nothing is contained in it")
    if name not in COMPARISONS or field.kind not in COMPARED_WITH:
        return
    fits = isinstance(value, COMPARED_WITH[field.kind]) and (
        field.kind is Kind.BOOL or not isinstance(value, bool)
    )
    # Ids of jobs may be texts: so do Ganeti's own commands write them.
    if not fits and not (is_key and isinstance(value, str) and value.isdecimal()):
        text = f"Invalid types in comparison, trying to compare '{field.name}' ({field.kind})"
        raise _wrong(f"{text} with {value!r}")


def names_in(qfilter: Any) -> set[str]:
    """The fields a filter looks at."""
    if not isinstance(qfilter, list) or len(qfilter) < 2:
        return set()
    if qfilter[0] in ("&", "|", "!"):
        return set().union(*(names_in(part) for part in qfilter[1:]))
    return {str(qfilter[1])}


def wanted_keys(qfilter: Any, key: str) -> list[Any] | None:
    """The keys that a filter such as ["|", ["=", key, 1], ["=", key, 2]] names, or None."""
    if not isinstance(qfilter, list) or not qfilter:
        return None
    if len(qfilter) == 3 and qfilter[0] in ("=", "==") and qfilter[1] == key:
        return [qfilter[2]]
    if qfilter[0] != "|":
        return None
    found = [wanted_keys(part, key) for part in qfilter[1:]]
    if any(keys is None for keys in found):
        return None
    return [value for keys in found for value in keys or ()]


def _boolean(name: str, parts: Sequence[Predicate]) -> Predicate:
    if name == "&":
        return lambda item, snapshot: all(part(item, snapshot) for part in parts)
    if name == "|":
        return lambda item, snapshot: any(part(item, snapshot) for part in parts)
    if len(parts) != 1:
        raise _wrong("Operator '!' takes one operand")
    return lambda item, snapshot: not parts[0](item, snapshot)


def _comparison(name: str, read: Callable[[Any, Any], Any], value: Any, *, host: bool) -> Predicate:
    if name == "=~":
        pattern = patterns.compiled(value)
        return lambda item, snapshot: patterns.found_in(pattern, read(item, snapshot))
    if name == "=[]":
        return lambda item, snapshot: _contains(read(item, snapshot), value)
    compare = COMPARISONS.get(name)
    if compare is None:
        raise _wrong(f"Unknown filter operator {name!r}")
    if name == "!=":
        same = _comparison("=", read, value, host=host)
        return lambda item, snapshot: not same(item, snapshot)
    if host and name in ("=", "=="):
        compare = _same_host

    def matches(item: Any, snapshot: Any) -> bool:
        found = read(item, snapshot)
        if isinstance(found, list) and not isinstance(value, list):
            return any(_compared(compare, element, value) for element in found)
        return _compared(compare, found, value)

    return matches


def _contains(found: Any, value: Any) -> bool:
    """Membership in a list; in a text it would be about its letters."""
    return isinstance(found, (list, tuple, dict)) and _compared(operator.contains, found, value)


def _same_host(found: Any, value: Any) -> bool:
    """Whether a name is meant by another that may lack its domain."""
    if found == value:
        return True
    whole = isinstance(found, str) and isinstance(value, str) and value and "." not in value
    return bool(whole) and str(found).startswith(f"{value}.")


def _compared(compare: Callable[[Any, Any], bool], found: Any, value: Any) -> bool:
    try:
        return compare(found, value)
    except TypeError:  # A number against a text is no match rather than an error.
        return False


def _reader(table: Table[Any], name: Any) -> Callable[[Any, Any], Any]:
    field = table.fields.get(name) if isinstance(name, str) else None
    if field is None:
        raise _wrong(f"Unknown field {name!r} in filter")

    def read(item: Any, snapshot: Any) -> Any:
        value = field.get(item, snapshot)
        return None if isinstance(value, Status) else value

    return read


def _wrong(text: str) -> errors.OpPrereqError:
    return errors.OpPrereqError(text, errors.ECODE_INVAL)
