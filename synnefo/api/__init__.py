"""The public API, OpenStack's: parse, call an intent or read, render. No rule lives here."""
