"""The door to the checkout, which leads an order through the services. It owns no facts."""

from domain.checkout.process import *

PROCESSES = [set_up_checkout]
