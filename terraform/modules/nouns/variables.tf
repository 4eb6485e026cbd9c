# Of type `any`: a type would drop a word that it does not know, and nobody would hear of it. What an entry
# may say, and what it means where it says nothing, is in main.tf.

variable "services" {
  description = "Services, each with an event store. `guards`: with a store beside it of what must be unique."
  type        = any
  nullable    = false
}

variable "views" {
  description = "What is made from events. `follows`: the services whose events feed it. `kind`: \"row\", \"tally\" (counts over many streams) or \"search\" (lies in the search index). `lists`: the lists that its rows are read in."
  type        = any
  nullable    = false
}

variable "processes" {
  description = "Followers whose output is commands. `follows`: as of a view. `commands`: the services that it sends commands to. `deadlines`: those of them that it has commanded at deadlines. `settings`: variables that go to every function that keeps it."
  type        = any
  nullable    = false
}

variable "functions" {
  description = "Functions: what each is for, and what it does, in the words of terraform/README.md. The frame's own two also say `publishes` (what every service stores) and `sweeps` (through everything there is)."
  type        = any
  nullable    = false
}

variable "routes" {
  description = "Which function answers which route."
  type        = map(string)
  nullable    = false
}
