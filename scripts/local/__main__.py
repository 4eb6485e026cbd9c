"""`python -m scripts.local <command>`: what the targets of the Makefile call."""

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from scripts.local import parked as parked_streams
from scripts.local import search
from scripts.local.application import smoke
from scripts.local.errors import LocalError
from scripts.local.history import history as told_history
from scripts.local.home import Home
from scripts.local.logs import print_logs
from scripts.local.rebuild import drop, rebuild, rollback, show_views
from scripts.local.rights import rights_of
from scripts.local.stack import Stack
from scripts.local.status import print_status
from scripts.local.waiting import Bar
from scripts.local.walks import lines_of, show_walks
from scripts.tables import show


def up(stack: Stack, arguments: argparse.Namespace) -> None:
    url = stack.up(port=os.environ.get("PORT") or None).url
    session = stack.try_out(smoke(arguments.smoke)) if arguments.smoke else None
    if session is None:
        print(url)
    else:
        print(f"\nThe API is at '{url}'\n\nPaste this into bash:\n\n{session}")


def down(stack: Stack, arguments: argparse.Namespace) -> None:
    stack.down()
    print("The local stack is down, its data is forgotten.")


def url(stack: Stack, arguments: argparse.Namespace) -> None:
    print(stack.addresses().url)


def token(stack: Stack, arguments: argparse.Namespace) -> None:
    print(stack.token(arguments.who))


def status(stack: Stack, arguments: argparse.Namespace) -> None:
    if print_status(stack):
        sys.exit(1)


def logs(stack: Stack, arguments: argparse.Namespace) -> None:
    print_logs(stack.clients, stack.function_names(arguments.function), arguments.follow)


def faults(stack: Stack, arguments: argparse.Namespace) -> None:
    stack.addresses()
    words = list(arguments.words)
    function = words.pop(0) if words and "=" not in words[0] and words[0] != "clear" else None
    knobs = {knob: value or "1" for knob, _, value in (word.partition("=") for word in words)}
    if knobs and not function and set(knobs) != {"clear"}:
        raise LocalError(
            "name the function, or '*' for all: make faults FUNCTION='*' SET=\"drop=0.1\""
        )
    if knobs:
        stack.control.set_faults(function or "*", **knobs)
    set_knobs = stack.faults()
    show((name, set_knobs.get(name, "-")) for name in stack.control.faults())


def redrive(stack: Stack, arguments: argparse.Namespace) -> None:
    in_view = {"view": arguments.view} if arguments.view else {}
    saying = {"error": arguments.error} if arguments.error else {}
    if arguments.stream == "every":
        _print_walk(stack.walk({"start": "redrive"} | in_view))
    else:
        print(_told(stack.ask("operator", {"redrive": arguments.stream} | in_view | saying)))


def rebuild_view(stack: Stack, arguments: argparse.Namespace) -> None:
    rebuild(stack, arguments.view, yes=arguments.yes)


def rollback_view(stack: Stack, arguments: argparse.Namespace) -> None:
    rollback(stack, arguments.view)


def drop_generation(stack: Stack, arguments: argparse.Namespace) -> None:
    drop(stack, arguments.view, arguments.generation)


def views(stack: Stack, arguments: argparse.Namespace) -> None:
    show_views(stack)


def _print_walk(walk: Mapping[str, Any]) -> None:
    for line in lines_of(walk):
        print(line)


def audit(stack: Stack, arguments: argparse.Namespace) -> None:
    everything = {"everything": True} if arguments.everything else {}
    _print_walk(stack.walk({"start": "audit"} | everything))


def walks(stack: Stack, arguments: argparse.Namespace) -> None:
    show_walks(stack.invoke("walker", {"walks": True})["walks"].values())


def parked(stack: Stack, arguments: argparse.Namespace) -> None:
    for line in parked_streams.lines_of(stack.ask("operator", {"parked": True})["parked"]):
        print(line)


def history(stack: Stack, arguments: argparse.Namespace) -> None:
    for line in told_history(partial(stack.ask, "operator"), arguments.stream):
        print(line)


def rights(stack: Stack, arguments: argparse.Namespace) -> None:
    found = rights_of(stack.clients, stack.function_names(arguments.function))
    print(json.dumps(found, indent=1, sort_keys=True))


def invoke(stack: Stack, arguments: argparse.Namespace) -> None:
    try:
        event = json.loads(arguments.payload)
    except ValueError as error:
        raise LocalError(f"that is not JSON: {error}") from None
    print(_told(stack.invoke(arguments.function, event)))


def _told(answer: object) -> str:
    return json.dumps(answer, ensure_ascii=False)


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="python -m scripts.local", description=__doc__)
    commands = top.add_subparsers(required=True, metavar="command")
    for command in (
        *(up, down, url, token, status, logs, faults, invoke, redrive, history, rights),
        *(audit, walks, parked, views, rebuild_view, rollback_view, drop_generation),
    ):
        added = commands.add_parser(command.__name__)
        added.set_defaults(command=command)
        match command.__name__:
            case "up":
                added.add_argument("--smoke", metavar="MODULE")
            case "token":
                added.add_argument("who")
            case "logs":
                added.add_argument("function", nargs="?", default="")
                added.add_argument("--follow", action="store_true")
            case "faults":
                added.add_argument("words", nargs="*", metavar="FUNCTION knob=value")
            case "rights":
                added.add_argument("function", nargs="?", default="")
            case "redrive":
                added.add_argument("stream")
                added.add_argument("--view", default="")
                added.add_argument("--error", default="")
            case "rebuild_view":
                added.add_argument("view")
                added.add_argument("--yes", action="store_true")
            case "audit":
                added.add_argument("--everything", action="store_true")
            case "rollback_view":
                added.add_argument("view")
            case "drop_generation":
                added.add_argument("view")
                added.add_argument("generation", nargs="?", default="")
            case "history":
                added.add_argument("stream")
            case "invoke":
                added.add_argument("function")
                added.add_argument("payload", nargs="?", default="{}")
    return top


def main(words: Sequence[str]) -> None:
    arguments = parser().parse_args(words)
    stack = Stack(
        Home.from_environment(),
        say=lambda text: print(text, end="", file=sys.stderr, flush=True),
        search_url=search.named(),
        show=Bar(),
    )
    try:
        arguments.command(stack, arguments)
    except LocalError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit("interrupted")
    except BrokenPipeError:  # the reader, `head` perhaps, has had enough
        os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
