"""Django's settings, from the environment (see README.md); what is not here is Django's default."""

import os
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from synnefo.telemetry import logs

BASE_DIR = Path(__file__).resolve().parents[2]
STATE = Path(os.environ.get("SYNNEFO_STATE", BASE_DIR / ".cloud"))


def _database(url: str) -> dict[str, Any]:
    """Django's description of `sqlite:////absolute/path` or `postgresql://user@host:port/name`."""
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": parts.path[1:] if parts.path.startswith("//") else parts.path,
            "OPTIONS": {
                # A transaction takes the write lock when it begins, so that it never has to be
                # repeated; FULL keeps an acknowledged intent over a power cut.
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                " PRAGMA foreign_keys=ON; PRAGMA temp_store=MEMORY;",
            },
        }
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": None,
        # No question before each request: synnefo.db.ended_connections looks without asking.
        "CONN_HEALTH_CHECKS": False,
        # PostgreSQL keeps the plan of a query that comes again; otherwise planning costs more
        # than finding. (Behind a pooler that shares connections between transactions: 1.21 or
        # newer of PgBouncer, which knows prepared statements.)
        "OPTIONS": {"server_side_binding": True, "prepare_threshold": 5},
    }


def _secret() -> str:
    """This installation's secret; without a file (tests, checks) one that guards nothing."""
    path = os.environ.get("SYNNEFO_SECRET_FILE")
    return Path(path).read_text().strip() if path else "no-installation-no-secret"


SECRET_KEY = _secret()
DEBUG = False
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS = ["synnefo.db"]
MIDDLEWARE: list[str] = ["synnefo.api.middleware.RequestContext"]
ROOT_URLCONF = "synnefo.urls"
APPEND_SLASH = False
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {
    "default": _database(
        os.environ.get("SYNNEFO_DATABASE", f"sqlite:///{STATE / 'database' / 'cloud.sqlite3'}")
    )
}
DATABASES["default"].setdefault("CONN_MAX_AGE", None)
PASSWORD_HASHERS = ["synnefo.settings.password_hasher.Argon2"]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "ui" / "templates"],
    }
]
LOG_WISHES = os.environ.get("SYNNEFO_LOG", "")  # "json", "debug" or both, with a comma
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": logs.formatter, "wishes": LOG_WISHES}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "loggers": {
        # Wrong requests are the clients' affair; failures of ours are logged with their trace.
        "django.request": {"level": "CRITICAL"},
        "django.security": {"level": "CRITICAL"},
        # The server of the API brings formats of its own.
        "uvicorn": {"handlers": [], "propagate": True},
        "uvicorn.access": {"handlers": [], "propagate": False},
    },
    "root": {"handlers": ["stderr"], "level": logs.level(LOG_WISHES)},
}

SYNNEFO_URL = os.environ.get("SYNNEFO_URL", "http://127.0.0.1:8800")
SYNNEFO_BUS = os.environ.get("SYNNEFO_BUS", f"spool:{STATE / 'bus'}")
SYNNEFO_DOORBELL = os.environ.get("SYNNEFO_DOORBELL", f"local:{STATE / 'doorbell'}")
SYNNEFO_IMAGES = Path(os.environ.get("SYNNEFO_IMAGES", STATE / "images"))
SYNNEFO_IMAGE_LIMIT = int(os.environ.get("SYNNEFO_IMAGE_LIMIT", str(256 << 30)))  # bytes
# Whether bytes have to be what disk_format says, as Glance wants them by default.
SYNNEFO_IMAGE_FORMAT_MATCH = os.environ.get("SYNNEFO_IMAGE_FORMAT_MATCH", "1") == "1"
# Hosts (or host:port) that images may be fetched from; none turns web-download off.
SYNNEFO_IMAGE_WEB_HOSTS = frozenset(os.environ.get("SYNNEFO_IMAGE_WEB_HOSTS", "").lower().split())
# Seconds that fetching one image may take altogether, however slowly its bytes come.
SYNNEFO_IMAGE_WEB_SECONDS = int(os.environ.get("SYNNEFO_IMAGE_WEB_SECONDS", "3600"))
SYNNEFO_INSTANCE_PREFIX = os.environ.get("SYNNEFO_INSTANCE_PREFIX", "snf")
SYNNEFO_TOKEN_HOURS = int(os.environ.get("SYNNEFO_TOKEN_HOURS", "24"))
# Seconds that a deleted server can still be restored; 0: deleted is deleted.
SYNNEFO_RECLAIM_AFTER = int(os.environ.get("SYNNEFO_RECLAIM_AFTER", "0"))
# Whether a server that is shelved is offloaded at once, or waits for an administrator's word.
SYNNEFO_OFFLOAD_SHELVED = os.environ.get("SYNNEFO_OFFLOAD_SHELVED", "1") == "1"
SYNNEFO_STATIC = Path(os.environ.get("SYNNEFO_STATIC", BASE_DIR / "ui" / "static"))
SYNNEFO_WIRING = "synnefo.wiring"  # the factories of what the frontend talks to

# Passwords: PATTERN (a regular expression) and its DESCRIPTION, DAYS until one expires, LEAST_DAYS
# until it may be changed again, HISTORY (how many differ), CHANGE_AT_FIRST (1: whoever got a
# password from an administrator replaces it). Nothing, or 0, switches a rule off.
_PASSWORD = "SYNNEFO_PASSWORD_"
SYNNEFO_PASSWORD_RULES = (
    os.environ.get(_PASSWORD + "PATTERN", ""),
    os.environ.get(_PASSWORD + "DESCRIPTION", ""),
    int(os.environ.get(_PASSWORD + "DAYS", "0")),
    int(os.environ.get(_PASSWORD + "LEAST_DAYS", "0")),
    int(os.environ.get(_PASSWORD + "HISTORY", "0")),
    os.environ.get(_PASSWORD + "CHANGE_AT_FIRST", "0") == "1",
)
# Whoever fails so often to sign in is locked out for so many seconds: from an address as one user,
# and from an address as anybody. 0 attempts: never.
SYNNEFO_LOCKOUT_ATTEMPTS = int(os.environ.get("SYNNEFO_LOCKOUT_ATTEMPTS", "20"))
SYNNEFO_LOCKOUT_ATTEMPTS_OF_ADDRESS = int(
    os.environ.get("SYNNEFO_LOCKOUT_ATTEMPTS_OF_ADDRESS", "500")
)
SYNNEFO_LOCKOUT_SECONDS = int(os.environ.get("SYNNEFO_LOCKOUT_SECONDS", "300"))
# Requests per minute and project, and how many may come at once; 0: as many as they like.
SYNNEFO_RATE_LIMIT = int(os.environ.get("SYNNEFO_RATE_LIMIT", "0"))
