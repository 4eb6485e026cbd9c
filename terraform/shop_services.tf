# The services: each owns an event store, the truth, which only its own command function adds to. One with
# guards has a store of what must be unique beside it.

locals {
  services = {
    customers = { guards = true }
    inventory = { guards = true }
    orders    = {}
    payments  = {}
  }
}
