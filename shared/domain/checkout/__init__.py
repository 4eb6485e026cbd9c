"""The checkout: a process that takes an order through the services. It has no own events."""

from domain.checkout.process import *

PROCESSES = [set_up_checkout]
