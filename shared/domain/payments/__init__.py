"""The payments context: its rules and commands, the events that others may follow, and the port to
the payment gateway.
"""

from domain.payments.commands import *
from domain.payments.events import *
from domain.payments.facts import *
from domain.payments.gateway import *
from domain.payments.gateway_process import *
from domain.payments.payment import *
from domain.payments.values import *

PROCESSES = [set_up_gateway]
