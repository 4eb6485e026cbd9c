"""What of a change old data, old code or callers can't live with: a sentence each, with what to do.

Who lives with what:

- New code reads old data: events of every schema there ever was, snapshots, rows, and commands that
  wait in rows of processes.
- Old code meets new data while a release is on its way, as queries, followers, processes and
  commands become live in this order, and after it was taken back. What it can't read waits for the
  newer code, which then may never come.
- Callers of the API send tomorrow what they sent yesterday.

Whatever is new alone harms nobody, nor does a rule: rules are for input, and never for what is
stored. (Only what was the id of something has to stay one.)
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from scripts.build.terraform.nouns import ROLES
from scripts.release.application import Application
from scripts.release.description import Description
from scripts.release.shapes import Change, changes, without

__all__ = ["breaking"]

IN_FILE = "in released.json"


def breaking(released: Description, now: Description, app: Application) -> list[str]:
    """Events first: who mends these may have mended what follows from them."""
    found = [
        *_events(released["events"], now["events"], app),
        *_aggregates(released["aggregates"], now["aggregates"]),
        *_commands(released, now),
        *_ids(released["ids"], now["ids"]),
        *_messages(released, now),
        *_processes(released["processes"], now["processes"]),
        *_refusals(released["refusals"], now["refusals"]),
        *_routes(released["routes"], now["routes"]),
        *_views(released["views"], now["views"]),
    ]
    return [*dict.fromkeys(found)]


def _both(
    before: Mapping[str, Any], now: Mapping[str, Any]
) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    for name in sorted(before.keys() & now.keys()):
        if before[name] != now[name]:
            yield name, before[name], now[name]


def _listed(told: Iterable[object]) -> str:
    return "; ".join(map(str, told))


# Events


def _events(before: Mapping[str, Any], now: Mapping[str, Any], app: Application) -> Iterator[str]:
    stored: dict[str, list[int]] = {}
    for line in before:
        event, _, schema = line.partition("@")
        stored.setdefault(event, []).append(int(schema))
    for event, schemas in sorted(stored.items()):
        last = max(schemas)
        context, name = event.split(".")
        kind = app.events[context].find(name) if context in app.events else None
        if kind is None:
            yield _gone(event, before[f"{event}@{last}"], before, now)
        elif kind.schema < last:
            yield (
                f"{event} is at schema {kind.schema}, but stores have it of schema {last}: write "
                f"schema={last}, or schema={last + 1} with an upcaster if it is another"
            )
        else:
            yield from _not_upcast(event, range(min(schemas), kind.schema), now)
            yield from _changed(event, last, before, now, kind.schema)
            yield from _upcast_otherwise(event, before, now, app)


def _not_upcast(event: str, schemas: Iterable[int], now: Mapping[str, Any]) -> Iterator[str]:
    for schema in schemas:
        if f"{event}@{schema}" not in now:
            yield (
                f"{event} has no upcaster from schema {schema}, but stores have older ones: put "
                "one under the class that says what they are read as (git has what was there)"
            )


def _changed(
    event: str, last: int, before: Mapping[str, Any], now: Mapping[str, Any], newest: int
) -> Iterator[str]:
    old = before[f"{event}@{last}"]
    if newest == last and (found := changes(old, now[f"{event}@{last}"])):
        yield (
            f"{event} is still schema {last}, but {_listed(found)}: write schema={last + 1}, and "
            f"under the class an upcaster from schema {last} that says what old ones are read as"
        )
    for field, subject in sorted(old.get("personal", {}).items()):
        if now[f"{event}@{newest}"].get("personal", {}).get(field) != subject:
            yield (
                f"{event} does not mark `{field}` as personal data of `{subject}`, so what a "
                "cipher has sealed could not be opened: mark it again"
            )


def _gone(event: str, known: Any, before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    context = event.partition(".")[0]
    alike = [
        line.partition("@")[0].partition(".")[2]
        for line, shape in sorted(now.items())
        if line not in before
        and line.startswith(f"{context}.")
        and shape.get("fields") == known.get("fields", ())
    ]
    renamed = f" (`{alike[0]}` is another event, although it has the same fields)" if alike else ""
    return f"{event} is gone, but stores have it for ever: bring the class back as it was{renamed}"


def _upcast_otherwise(
    event: str, before: Mapping[str, Any], now: Mapping[str, Any], app: Application
) -> Iterator[str]:
    context = event.partition(".")[0]
    for line, old, new in _both(before, now):
        if line.partition("@")[0] != event or old.get("upcaster") in (None, new.get("upcaster")):
            continue
        views, processes = (
            [
                name
                for name, one in sorted(several.items())
                if context in {fold.events.context for fold in one.folds}
            ]
            for several in (app.views, app.processes)
        )
        anew = (
            f", and give what {' and '.join(processes)} folds of it a field without a default"
            if processes
            else ""
        )
        yield (
            f"the upcaster of {line} was changed, but snapshots and rows were made with what it "
            f"said before: take that back, or raise the `state_schema` of {context} and the "
            f"`generation` of {', '.join(views) or 'no view'}{anew}; then, or if it says the same, "
            f'write "upcaster": "{new["upcaster"]}" for {line} {IN_FILE}'
        )


# States and rows


def _aggregates(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    for service, old, new in _both(before, now):
        number, last = new["state_schema"], old["state_schema"]
        if new["streams"] != old["streams"]:
            yield (
                f"the streams of {service} are named {old['streams']}-<id>, and would be looked "
                f'for as {new["streams"]}-<id>: write category="{old["streams"]}"'
            )
        if number < last:
            yield (
                f"the state_schema of {service} is {number}, but there are snapshots of {last}: "
                f"write state_schema={last}, or {last + 1} if states are others"
            )
        elif number == last and new["states"] != old["states"]:
            yield (
                f"the states of {service}, or its `evolve`, changed: write state_schema={last + 1},"
                " so that older snapshots are left alone; or, if the same events still lead to the "
                f'same states, write "states": "{new["states"]}" for it {IN_FILE}'
            )
        if "claims" in old and new.get("claims") != old["claims"]:
            digest = f'"claims": "{new["claims"]}"' if "claims" in new else 'no "claims"'
            yield (
                f"the claims of {service}, in its `guards` or `recall`, changed, but what was "
                "claimed before is found by the kind and the value that it had then: take that "
                f"back; or, if both are the same as before, write {digest} for it {IN_FILE}"
            )


def _views(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    for view, old, new in _both(before, now):
        number, last = new["generation"], old["generation"]
        parts = sorted(part for part in old.keys() | new.keys() if old.get(part) != new.get(part))
        if number < last:
            yield (
                f"{view} is in generation {number}, but there are rows of {last}: write "
                f"generation={last}, or {last + 1} if its rows are others"
            )
        elif number == last:
            digests = ", ".join(f'"{part}": "{new[part]}"' for part in parts if part in new)
            told = " and the ".join(map(_named, parts))
            yield (
                f"the {told} of {view} changed: write generation={last + 1}, so "
                "that its rows are made anew beside those there are, until `make rebuild "
                f"VIEW={view}` switches; or, if the same events still lead to the same rows, "
                f"write {digests} for it {IN_FILE}"
            )


def _named(part: str) -> str:
    return f"`{part}`" if part in ("counted", "render") else part


def _processes(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    for process in sorted(before.keys() - now.keys()):
        yield (
            f"the process {process} is gone, but its rows have what it still has to do: bring it "
            "back, and let it want nothing new; once `make waiting` lists nothing of it, take its "
            f"line, and those of what it sends, out of released.json"
        )
    for process, old, new in _both(before, now):
        for category, digest in sorted(new["folds"].items()):
            last = old["folds"].get(category, digest)
            if digest != last and not _folded_anew(old, new, category):
                yield (
                    f"the fold of {category}-<id> in {process} changed, but rows would keep what "
                    "they have: give its state a field without a default, or rename one, so that "
                    "it is folded anew; or, if the same events still lead to the same states, "
                    f'write "{category}": "{digest}" for it {IN_FILE}'
                )


def _folded_anew(before: Any, now: Any, category: str) -> bool:
    """Whether no state in a row can be read any more: then its stream is folded once more."""
    found = changes(before["states"][category], now["states"][category])
    return any(one.new_cant and one.always for one in found)


# What is sent


def _commands(released: Description, now: Description) -> Iterator[str]:
    """What is sent as before is refused, or means something else."""
    commands, shapes = released["commands"], now["commands"]
    for name in sorted(commands.keys() & shapes.keys()):
        found: dict[str, None] = {}
        senders: list[str] = []
        for who, given in _senders(name, released, now):
            ungiven = {*now["routes"].get(who, {}).get("given", given)}
            old, new = without(commands[name], {*given}), without(shapes[name], ungiven)
            if refused := [one for one in changes(old, new) if one.new_cant or one.otherwise]:
                found |= dict.fromkeys(map(str, refused))
                senders.append(who)
        if found:
            yield (
                f"{name} would not be what it was for who sends it as before "
                f"({', '.join(senders)}): {_listed(found)}: keep what was there, and give what is "
                f"new a default; or, if nobody sends it so, take its line out of released.json"
            )


def _senders(
    command: str, released: Description, now: Description
) -> Iterator[tuple[str, list[str]]]:
    """And the fields that need not be sent."""
    for route, told in sorted(released["routes"].items()):
        if told.get("command") == command and route in now["routes"]:
            yield route, told["given"]
    for message in sorted(released["messages"]):
        if message.endswith(f" > {command}"):
            yield message.partition(" ")[0], []


def _routes(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    unless = "or, if nobody calls it, take its line out of released.json"
    for route in sorted(before.keys() - now.keys()):
        yield f"`{route}` is gone, but callers know it: bring it back; {unless}"
    for route, old, new in _both(before, now):
        if ROLES.index(new["role"]) > ROLES.index(old["role"]):
            yield (
                f"`{route}` is open to {new['role']}, and was to {old['role']}: open it as it was, "
                f"and what is new at a route of its own; {unless}"
            )
        if old.get("command") != new.get("command"):
            yield (
                f"`{route}` is for {new.get('command')}, and was for {old.get('command')}; a "
                "command's name is part of what a repeat is known by: keep it, with the class; "
                f"{unless}"
            )
        if old.get("one_each") and not new.get("one_each"):
            yield (
                f"`{route}` does not open one each any more, under the id of the caller's account, "
                f"so who has one gets another, and would look for it: keep one_each=True; {unless}"
            )
        if found := [*_asked_otherwise(old.get("asks", {}), new.get("asks", {}))]:
            yield (
                f"`{route}` would answer otherwise who asks as before: {_listed(found)}: keep what "
                f"was there, and ask for nothing more; {unless}"
            )


def _refusals(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    for service in sorted(before):
        for code in sorted({*before[service]} - {*now.get(service, ())}):
            yield (
                f"{service} does not refuse with `{code}` any more, but callers and processes know "
                "refusals by their codes: keep the code, whatever the class is called; or, if "
                "nobody acts on it, take it out of released.json"
            )
        for code, kind in sorted(before[service].items()):
            if (now_is := now.get(service, {}).get(code, kind)) != kind:
                yield (
                    f"{service} refuses with `{code}` as {now_is}, and did as {kind}, but that is "
                    "the status that callers get, and whether a process sends again: let it be "
                    "what it was; or, if nobody acts on it, take it out of released.json"
                )


def _asked_otherwise(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    for name, told in sorted(now.items()):
        if told.get("required") and not before.get(name, {}).get("required"):
            yield f"`{name}` is required"
    for name, told in sorted(before.items()):
        if name not in now:
            yield f"`{name}` is gone"
        elif "one of" in now[name]:
            lost = sorted({*told.get("one of", ["anything"])} - {*now[name]["one of"]})
            yield from (f"`{name}` may not be '{value}'" for value in lost)


def _messages(released: Description, now: Description) -> Iterator[str]:
    for message in sorted(released["messages"]):
        process, _, command = message.partition(" > ")
        of_a_service = command in released["commands"]
        if of_a_service and command not in now["commands"]:
            yield (
                f"{command} is gone, but {process} as it was released sends it, and it may wait in "
                "its rows: bring it back, release without sending it, and take it away once `make "
                f"waiting` lists none"
            )
        elif not of_a_service and message in now["messages"]:
            if refused := _unreadable(message, now["messages"][message], released):
                yield (
                    f"{command} could not be read as it waits in rows of {process}: "
                    f"{_listed(refused)}: keep what was there, and give what is new a default"
                )
        elif not of_a_service and process in now["processes"]:
            receiver = message.rpartition(".")[0]
            others = (
                one for name, one in now["messages"].items() if name.startswith(f"{receiver}.")
            )
            if all(_unreadable(message, other, released) for other in others):
                yield (
                    f"{command} is gone, but may wait in rows of {process}: bring it back, with "
                    "its receiver; once it is not sent any more, and `make waiting` lists none, "
                    "take its line out of released.json"
                )
    for message, sent in sorted(now["messages"].items()):
        process, _, command = message.partition(" > ")
        if command in released["commands"]:
            found = changes(released["commands"][command], sent)
            if refused := [one for one in found if one.old_cant]:
                yield (
                    f"{process} would send {command} as code of the last release does not take it, "
                    "so that it would wait for ever after a rollback: "
                    f"{_listed(refused)}: let the command take it (a new field with a default, in "
                    "a class with omit_defaults=True), release, and send it from the next release "
                    f"on; or, if there is no way back anyway, take the line of {command} out of "
                    "released.json"
                )


def _unreadable(message: str, kind: Any, released: Description) -> list[Change]:
    """What of a message that waits can't be read as this kind."""
    return [one for one in changes(released["messages"][message], kind) if one.new_cant]


# Ids


def _ids(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    for field in sorted(before.keys() & now.keys()):
        for one in _tried(before[field]):
            if _all_take(before[field], one) and not _all_take(now[field], one):
                shown = one if len(one) < 20 else f"{one[:10]}…, of {len(one)} characters"
                yield (
                    f"`{field}` may not be '{shown}' any more, so what has such an id could not be "
                    "reached: let its rule take what it took"
                )
                break


def _tried(forms: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Every character at each place, and the shortest and longest of each letter."""
    lengths = {int(form.get(end, 1)) for form in forms for end in ("minLength", "maxLength")}
    for character in map(chr, range(0x20, 0x17F)):
        yield from (character, f"a{character}a", f"a{character}", f"{character}a")
        if character.isalnum():
            yield from (character * length for length in sorted(lengths))


def _all_take(forms: Iterable[Mapping[str, Any]], one: str) -> bool:
    return all(
        form.get("minLength", 0) <= len(one) <= form.get("maxLength", len(one))
        and re.search(form.get("pattern", ""), one)
        for form in forms
    )
