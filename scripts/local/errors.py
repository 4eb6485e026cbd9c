"""What the user can put right, told in one sentence."""


class LocalError(Exception):
    """Printed without a traceback; the exit code is 1."""


class BusyError(LocalError):
    """A function has no capacity left for now."""
