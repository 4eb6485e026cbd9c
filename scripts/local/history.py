"""The history of a stream as the operator tells it, in lines."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Ask = Callable[[Mapping[str, object]], dict[str, Any]]


def history(ask: Ask, stream: str) -> Iterator[str]:
    """A line per event, in order, and then what processes have sent because of them."""
    told = ask({"history": stream})
    while more := told["history"].get("more"):
        yield from _events(stream, told)
        told = ask({"history": stream, "after": more})
    yield from _events(stream, told)
    for process, sent in told["sent"].items():
        for key, entry in sent.items():
            yield f"{process}  {key}: {_became(entry)}"


def _events(stream: str, told: dict[str, Any]) -> Iterator[str]:
    for commit in told["history"]["commits"]:
        at = f"{stream}@{commit['version']}"
        try:
            command = f"{commit['time']}  {commit['command']['type']} by {commit['actor']}"
            ids = f"correlation {commit['correlation']}, causation {commit['causation']}"
            for event in commit["events"]:
                yield f"{at}  {command}: {event['type']} {json.dumps(event['data'])}  ({ids})"
        except (LookupError, TypeError):
            yield f"{at}  can't be read: {json.dumps(commit)[:500]}"


def _became(entry: Any) -> str:
    """The fate of a command that a process asked for."""
    if not isinstance(entry, dict):
        return f"can't be read: {json.dumps(entry)[:500]}"
    if answer := entry.get("answer"):
        where = f"{answer['stream']}@{answer['version']}" if answer.get("stream") else ""
        done = where or answer.get("reference", "")
        refused = f"{answer.get('code')}: {answer.get('detail')}"
        return f"accepted  {done}" if answer.get("accepted") else f"refused  {refused}"
    if message := entry.get("message"):
        since = f"waits until {entry['at']}" if entry.get("at") else "waits"
        sent = f"{message.get('command')} {json.dumps(message.get('data'))}"
        return f"{since}, for {entry.get('to')}: {sent}"
    return "no longer wanted"
