"""Delivers streams to functions as AWS documents it, in place of the emulator's own mappings.

The emulator drops what a function reports as failed, ignores retries, ages and destinations, and
serves all streams from one thread. So Terraform creates the mappings disabled, and this package
reads their settings, polls their shards and invokes their functions. What it does not honour it
refuses (`mappings`); what it honours is in `delivery`, and reads like the documentation.
"""
