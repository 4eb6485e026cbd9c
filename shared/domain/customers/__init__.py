"""The customers context: its rules and commands, and the events that others may follow."""

from domain.customers.commands import *
from domain.customers.customer import *
from domain.customers.events import *
from domain.customers.facts import *
from domain.customers.values import *
