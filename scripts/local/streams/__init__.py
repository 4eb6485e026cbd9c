"""Delivers streams to functions as AWS documents it, in place of the emulator's own mappings.

README.md says what that is and how it is kept. `delivery` has the rules; start there.
"""
