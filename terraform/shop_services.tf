# The services. Each has an event store, to which only its own command function appends. `guards` adds a
# table for values that must be unique.

locals {
  services = {
    customers = { guards = true }
    inventory = { guards = true }
    orders    = {}
    payments  = {}
  }
}
