"""What went wrong, in Ganeti's words."""

from collections.abc import Sequence
from typing import Any


def describe(kind: str, arguments: Sequence[Any]) -> str:
    """An error of the master or of a job."""
    text = str(arguments[0]) if arguments else kind
    if kind == "OpPrereqError":
        heading = "Failure: prerequisites not met for this operation:"
        detail = f"error type: {arguments[1]}, error details:\n" if len(arguments) > 1 else ""
        return f"{heading}\n{detail}{text}"
    if kind == "HooksAbort":
        return "Failure: hooks execution failed:\n" + _hooks(arguments)
    headings = {
        "OpExecError": f"Failure: command execution error:\n{text}",
        "JobLost": f"Error checking job status: {text}",
        "JobCanceled": "Job was cancelled",
        "QueueDrained": "Failure: the job queue is marked for drain and doesn't accept new "
        "requests\n'gnt-cluster queue undrain' opens it.",
        "QueueFull": "Failure: The job queue is full and doesn't accept new job submissions until "
        "old jobs are archived\n'gnt-job autoarchive all' archives the finished ones.",
        "UnknownResourceError": f"Failure: this cluster cannot be asked about '{text}'",
    }
    return headings.get(kind, f"Failure: {kind}: {text}")


def describe_result(result: Any) -> str:
    """The result of a failed opcode."""
    if isinstance(result, list) and len(result) == 2 and isinstance(result[1], list):
        return describe(str(result[0]), result[1])
    return f"Failure: {result}"


def _hooks(arguments: Sequence[Any]) -> str:
    refusals = arguments[0] if arguments and isinstance(arguments[0], list) else []
    lines = [
        f"  node: {node}, script: {script}, output: {str(output).strip() or '(no output)'}"
        for node, script, output in refusals
    ]
    return "\n".join(lines) or str(arguments)
