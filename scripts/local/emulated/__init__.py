"""The emulator, as this project needs it. Its parts know nothing of it; `__main__` puts them in."""
