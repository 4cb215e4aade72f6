"""The one table of what differs between a real Ganeti 3.0 and ours, each row with its reason.

A row names by patterns (`*` stands for any text) the scenario, what was looked at there, and both
values. A test fails when something differs that no row names, or a row names nothing any more.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from tests.conformance.compare import Found


@dataclass(frozen=True)
class Row:
    """What may differ, and why it may. With `always` false it is a matter of moments."""

    where: str
    reason: str
    scenario: str = "*"
    real: str = "*"
    ours: str = "*"
    always: bool = True

    def explains(self, found: Found) -> bool:
        values = (found.scenario, found.where, found.real, found.ours)
        return all(one.fullmatch(value) for one, value in zip(self._patterns, values, strict=True))

    @cached_property
    def _patterns(self) -> list[re.Pattern[str]]:
        return [
            re.compile(".*".join(map(re.escape, text.split("*"))), re.DOTALL)
            for text in (self.scenario, self.where, self.real, self.ours)
        ]


WRITTEN_BACK = "Ganeti writes into the opcode what its job worked out; ours leaves it as asked."
TELLS_LATER = "Ganeti resolves names while a job waits; ours does all of its looking as it runs."
DRY_RUN = "Ganeti's remote API drops ?dry-run of some requests; ours obeys it in all, and says so."
LOG_TEXTS = "Remarks in a job's log are for people; not every one of Ganeti's is made here."
NAMES_IT = "Ours says in lists of jobs whom a job is about wherever it is about somebody."
OWN_DRIVERS = "Ours has other hypervisors and disk templates, and shows their parameters alone."
KEEPS_CARDS = "Ours stores with each network card all it was made with, and shows that."
TELLS_MORE = "Ours knows the disk by then and tells it; Ganeti forgot to."
NAMES_CAUSE = "Ganeti's server or job fails over this input; ours refuses it for its cause."
EARLIER = "Ganeti lets this through to a job that fails, or the other way round; refused by both."
STRICTER = "Ganeti takes this without a word though it has no effect; ours refuses it."
NO_FILTER_RULES = "Filter rules of the job queue are left out; readers find an empty list."
LENIENT = "Ours needs none of it here, and does without."
DEPENDS = "Ours judges dependencies before a job begins, so such a job never starts."
TYPED = "Ours gives the field the type of its values."
EMPTY = "What nothing is like is an empty answer, and no failure of the server."
NO_VALUE = "Ganeti lets through what has no value; ours has nothing to compare, so it does not."
ONE_STEP = "Ours writes no 'waiting' where all locks are free: that would be one write for nobody."

ROWS: tuple[Row, ...] = (
    # Job files, and jobs as RAPI shows them.
    Row("*ops[]*_uuid*", WRITTEN_BACK),
    Row("*: data[][][][].instance_uuid", WRITTEN_BACK, scenario="job_queries"),
    Row("*ops[]*.hypervisor", WRITTEN_BACK, real="text"),
    Row("*ops[]*.file_driver", WRITTEN_BACK, real="text"),
    Row("*ops[]*.osparams_private", WRITTEN_BACK, real="object"),
    Row("*ops[]*.osparams_secret", WRITTEN_BACK, real="object"),
    Row("*ops[]*.helper_*_timeout", WRITTEN_BACK),
    Row("*ops[]*.disks[][].*", WRITTEN_BACK, scenario="modify_disks", real="text"),
    Row("*ops[]*.mode", WRITTEN_BACK, scenario="migrate*", real="text"),
    Row("*ops[]*.iallocator", WRITTEN_BACK, real="text"),
    Row("*ops[]*.pnode", WRITTEN_BACK, real="text"),
    Row("*ops[]*.snode", WRITTEN_BACK, ours="text"),
    Row("*ops[]*.osparams", WRITTEN_BACK, scenario="reinstall", real="object"),
    Row("*ops[]*.nics[].ip", WRITTEN_BACK, ours="null"),
    Row("*ops[]*.instances[].*", WRITTEN_BACK, scenario="create_many_at_once"),
    Row("*ops[]*.clear_osparams*", "Ganeti 3.1 has this parameter, 3.0 not yet."),
    Row("*ops[]*.remove_osparams*", "Ganeti 3.1 has this parameter, 3.0 not yet."),
    Row("*ops[]*.beparams.vcpus", "Ganeti's remote API drops it here.", scenario="start_paused"),
    Row("*ops[]*.comment", "Ganeti's remote API drops comments.", scenario="job_with_a_priority"),
    Row("*ops[]*.debug_level", "Ganeti adds defaults as a job begins; ours as it is submitted."),
    Row("*ops[]*.dry_run", DRY_RUN),
    Row("regular*ops[]*.*", "Ours says all that a role means.", scenario="node_roles"),
    Row("*: file: ops[].exec_timestamp*", TELLS_LATER),
    Row("*: log", LOG_TEXTS),
    Row("*: summary", NAMES_IT, real="['TAGS_*']"),
    Row("*: summary", NAMES_IT, real="['INSTANCE_RENAME']"),
    Row("*: job: start_ts*", DEPENDS, scenario="job_w*_dependenc*"),
    Row("*: file: *start_timestamp*", DEPENDS, scenario="job_w*_dependenc*"),
    Row("*: file: livelock", DEPENDS, scenario="job_w*_dependenc*"),
    Row("*: file: process_id", DEPENDS, scenario="job_w*_dependenc*"),
    Row("*: result", DEPENDS, scenario="job_w*_dependenc*"),
    Row("order of states", ONE_STEP, scenario="renames_of_a_creation", always=False),
    Row("order of states", ONE_STEP, scenario="renames_of_a_failure", always=False),
    # Hooks.
    Row("*: hook instance-add post: GANETI_POST_INSTANCE_DISK*", TELLS_MORE),
    Row("*: hook cluster-modify *_VG_NAME", OWN_DRIVERS),
    Row("*: hook config-update post*", LENIENT, scenario="cluster_changes"),
    Row("*: hooks: config-update post", LENIENT, scenario="cluster_changes"),
    Row("assign*: hook*config-update post", LENIENT, scenario="group_with_nodes"),
    Row("clean up: hooks: *", "Ours asks the nodes concerned only.", scenario="migrate"),
    Row(
        "gateway: hook network-modify *", "Ours tells the state before.", scenario="network_changes"
    ),
    # Reading.
    Row("*custom_nicparams[].*", KEEPS_CARDS),
    Row("info: body: hvparams.*", OWN_DRIVERS, scenario="reading_the_cluster"),
    Row("features", "Ours names its own additions, too.", scenario="reading_the_cluster"),
    Row("static info: result: *pstatus*", "A file is there without asking a node."),
    Row("all fields: data[]*", KEEPS_CARDS, scenario="query_fields_of_instances"),
    Row("lock: kinds: name", TYPED, scenario="query_fields_of_the_rest"),
    Row("filter: *", NO_FILTER_RULES, scenario="query_fields_of_the_rest"),
    Row("*: HTTP", EMPTY, scenario="query_of_what_is_not_there", real="500", ours="200"),
    Row("*: HTTP", NAMES_CAUSE, scenario="query_of_what_is_not_there", real="502", ours="400"),
    Row("*", NO_VALUE, scenario="query_of_fields_without_a_value", ours="[200, 0]"),
    # Commands.
    Row(
        "*",
        "What is wrong with the words themselves ours says with the usage.",
        scenario="command_with_wrong_words",
        real="[1, 'wrong_input']",
        ours="[1, None]",
    ),
    Row("* add -t nosuch *", "Which templates there are only the master knows.", ours="[1, *"),
    Row("gnt-job wa* 99999999", NAMES_CAUSE, ours="[1, 'unknown_entity']"),
    Row(
        "*", NAMES_CAUSE, scenario="command_with_bad_values", real="[1, 'command execution error'*"
    ),
    Row("* -n {node} {b}", NAMES_CAUSE, ours="[1, 'insufficient_resources']"),
    Row(
        "* --submit *",
        "Ganeti says the job's id where no script can read it.",
        scenario="command_that_submits",
        real="[0, []]",
    ),
    # Refusals.
    Row("*: HTTP", NAMES_CAUSE, real="500", ours="404"),
    Row("*: HTTP", NAMES_CAUSE, scenario="query_with*", real="50*", ours="400"),
    Row("true: HTTP", NAMES_CAUSE, scenario="query_with_filters", real="500", ours="200"),
    Row("*: HTTP", EARLIER, scenario="create_with_bad_*", real="400", ours="200"),
    Row("*: HTTP", EARLIER, scenario="create_with_bad_*", real="502", ours="200"),
    Row("*: HTTP", EARLIER, scenario="*_bad*", real="400", ours="200"),
    Row("out of range: HTTP", EARLIER, scenario="job_with_a_priority"),
    Row("relative to nothing: HTTP", EARLIER, real="200", ours="400"),
    Row("none: HTTP", EARLIER, scenario="tags_that_are_bad"),
    Row("bad hypervisor: HTTP", EARLIER, scenario="cluster_changes"),
    Row("*: result", NAMES_CAUSE, scenario="create_*", ours="[['OpPrereqError', *]]"),
    Row("*: result", NAMES_CAUSE, scenario="network_*", ours="[['OpPrereqError', *]]"),
    Row("*: hook*network-add pre", NAMES_CAUSE, scenario="network_that_is_bad", ours="(absent)"),
    Row("*: result", NAMES_CAUSE, scenario="modify_network_cards", ours="[['OpPrereqError', *]]"),
    Row("replace: result", NAMES_CAUSE, scenario="replace_disks_that_have_no_mirror"),
    Row("too small: status", "Both bounds that contradict each other are refused, not bent."),
    Row("minimum above maximum: status", "Contradicting bounds are refused, not bent."),
    Row("unknown: status", STRICTER, scenario="modify_the_operating_system"),
    Row("disks of a diskless one: status", STRICTER),
    Row("no system: status", LENIENT, scenario="create_with_bad_values"),
    Row("create: result: []*", "A dry run chooses no nodes here.", scenario="create_as_a_dry_run"),
    Row("change: result: []*", "Ours lists what changed.", scenario="group_from_add_to_remove"),
    Row("*: result: [][]*", "Ours lists what changed.", scenario="modify_the_operating_system"),
    Row("change: result: [][]*", "Nothing changed, says ours.", scenario="modify_network_cards"),
)


def unexplained(found: Iterable[Found]) -> list[Found]:
    """What no row names."""
    return [one for one in found if not any(row.explains(one) for row in ROWS)]


def stale(found: Iterable[Found]) -> list[Row]:
    """Rows that name nothing that was found."""
    everything = list(found)
    rows = [row for row in ROWS if row.always]
    return [row for row in rows if not any(row.explains(one) for one in everything)]
