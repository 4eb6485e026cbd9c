"""The orders context: its rules and commands, the events that others may follow, and its view."""

from domain.orders.commands import *
from domain.orders.events import *
from domain.orders.order import *
from domain.orders.placed_orders import *
from domain.orders.values import *

VIEWS = [PLACED_ORDERS]
