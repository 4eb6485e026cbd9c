"""How many examples property tests look at: all of them, but for `--hypothesis-profile=quick`."""

from hypothesis import settings

settings.register_profile("whole", deadline=None)  # a machine may be busy
settings.register_profile("quick", deadline=None, max_examples=10)  # `make test-unit`
settings.load_profile("whole")
