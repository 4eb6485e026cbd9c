# The services: each owns an event store, the truth, which only its own command function adds to. One that is
# guarded has a store of what must be unique beside it.

locals {
  services = {
    customers = { guarded = true }
    inventory = { guarded = true }
    orders    = {}
    payments  = {}
  }
}
