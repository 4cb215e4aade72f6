from tests.unit.ganeti_backend.core.conftest import gate, lab

__all__ = ["gate", "lab"]
