"""The built-in allocator: which nodes take an instance, and in words why others do not.

`rooms` says what nodes have left, `choosing` picks among them and keeps what was promised.
"""

from ganeti_backend.allocator.choosing import Allocator, Rules
from ganeti_backend.allocator.rooms import Demand, NoRoomError, Room

__all__ = ["Allocator", "Demand", "NoRoomError", "Room", "Rules"]
