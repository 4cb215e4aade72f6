"""The list: importing this fills `world.SCENARIOS`."""

from tests.conformance.scenarios import (  # noqa: F401 (each import adds its scenarios)
    between_clusters,
    changes,
    commands,
    groups,
    jobs,
    life,
    moves,
    networks,
    nodes,
    queue_folder,
    reading,
    refusals,
    requests,
    tags,
)
