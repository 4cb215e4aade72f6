from tests.unit.ganeti_backend.core.conftest import gate, lab
from tests.unit.ganeti_backend.core.test_crashes import killed_at

__all__ = ["gate", "killed_at", "lab"]
