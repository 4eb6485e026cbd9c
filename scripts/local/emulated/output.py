"""What a run of a function has printed. Its process says where that ends, so that nobody has to
wait whether more will come.
"""

import queue
import time
from collections.abc import Iterator

END = "\x1e"  # and the id of the run
OVER = END  # said when a process has ended
PATIENCE_SECONDS = 5.0  # with a function that has put something else in the place of its output


def told_to_end(script: str) -> str:
    """The program that runs a function again and again, which now ends the output of each run."""
    last = "        _real_stdout.flush()\n\nrun()\n"
    if not script.endswith(last):
        raise ValueError("the emulator's program that runs functions is another one than expected")
    end = f'        print({END!r} + _ms_ctx["request_id"], file=sys.stderr, flush=True)\n'
    return script.removesuffix(last) + end + last


def printed(lines: "queue.Queue[str]", run: str) -> str:
    """All that a run has printed, once it is over. What came too late for the one before is in it,
    too.
    """
    return "\n".join(_until_end(lines, run))


def _until_end(lines: "queue.Queue[str]", run: str) -> Iterator[str]:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (left := deadline - time.monotonic()) > 0:
        try:
            line, end, of = lines.get(timeout=left).partition(END)
        except queue.Empty:
            return
        if line or not end:
            yield line
        if end and of in ("", run):
            return
