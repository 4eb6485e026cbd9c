"""The door to the customers context: its rules, its commands, and the events others may follow."""

from domain.customers.commands import *
from domain.customers.customer import *
from domain.customers.events import *
from domain.customers.facts import *
from domain.customers.values import *
