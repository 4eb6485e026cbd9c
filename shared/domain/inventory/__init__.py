"""The door to the inventory context: its rules, its commands, and the events others may follow."""

from domain.inventory.commands import *
from domain.inventory.events import *
from domain.inventory.facts import *
from domain.inventory.product import *
