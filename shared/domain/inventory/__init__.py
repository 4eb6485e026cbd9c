"""The inventory context: its rules and commands, and the events that others may follow."""

from domain.inventory.commands import *
from domain.inventory.events import *
from domain.inventory.facts import *
from domain.inventory.product import *
