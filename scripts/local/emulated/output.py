"""What a run of a function has printed. Its process says where that ends, so that nobody has to
wait whether more will come.
"""

import queue
from collections.abc import Iterator

END = "\x1e"
DIED_SECONDS = 0.05  # after the last line of a process that can't say that it was the last one


def told_to_end(script: str) -> str:
    """The program that runs a function again and again, which now ends the output of each run."""
    last = "        _real_stdout.flush()\n\nrun()\n"
    if not script.endswith(last):
        raise ValueError("the emulator's program that runs functions is another one than expected")
    end = f"        print({END!r}, file=sys.stderr, flush=True)\n"
    return script.removesuffix(last) + end + last


def printed(lines: "queue.Queue[str]") -> str:
    """All that a run has printed, once it is over."""
    return "\n".join(_until_end(lines))


def _until_end(lines: "queue.Queue[str]") -> Iterator[str]:
    while True:
        try:
            line = lines.get(timeout=DIED_SECONDS)
        except queue.Empty:
            return
        if line.endswith(END):
            yield from filter(None, [line.removesuffix(END)])
            return
        yield line
