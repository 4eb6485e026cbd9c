# Of type `any`: a type would silently drop unknown words. The words that an entry may have, and their
# defaults, are in main.tf.

variable "services" {
  description = "Services, each with an event store. `guards`: with a table for values that must be unique."
  type        = any
  nullable    = false
}

variable "views" {
  description = "The views. `follows`: the services whose events feed it. `kind`: \"row\", \"tally\" (sums over many streams) or \"search\" (a search index). `lists`: the lists of its rows."
  type        = any
  nullable    = false
}

variable "processes" {
  description = "The processes: followers that send commands. `follows`: as for a view. `commands`: the services that it sends commands to. `deadlines`: those of them that get commands at deadlines. `settings`: environment variables of every function that keeps it."
  type        = any
  nullable    = false
}

variable "functions" {
  description = "The functions, in the words of terraform/README.md. The frame's own also have `publishes` (the commits of every service) and `tends` (\"all\" views and processes with all event stores, or the \"processes\")."
  type        = any
  nullable    = false
}

variable "routes" {
  description = "The `function` that answers each route, and the `role` that it is open to."
  type        = any
  nullable    = false
}
