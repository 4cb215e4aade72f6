"""The public API against a database, by data: a new resource's test is a dozen lines."""
