"""Programs that stand in for Terraform."""

from pathlib import Path


def a_program(folder: Path, name: str = "terraform", does: str = "") -> str:
    program = folder / name
    program.write_text(f"#!/bin/sh\n{does}\n")
    program.chmod(0o755)
    return str(program)
