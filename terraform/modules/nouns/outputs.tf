output "services" {
  description = "The services, with all that is meant."
  value       = local.known.services
}

output "views" {
  description = "The views, with all that is meant."
  value       = local.known.views
}

output "processes" {
  description = "The processes, with all that is meant."
  value       = local.known.processes
}

output "functions" {
  description = "The functions, with what follows: `reads` are all services whose events a function may need, `keeps` and `queries` the tables, `commands` and `deadlines` those of its processes, and `searches` says whether it uses the search index."
  value       = local.functions
}

output "followers" {
  description = "The functions that streams feed, and what they keep: in tables or in the search index."
  value       = { for name, function in local.known.functions : name => function if length(function.keeps) > 0 }
}

output "commanded" {
  description = "The function of each service that is sent commands by others than its users."
  value       = local.commanded
}

output "commanded_at_deadlines" {
  description = "Those of the services that are sent commands at deadlines."
  value       = toset(flatten([for function in local.functions : tolist(function.deadlines)]))
}

output "routes" {
  description = "The routes that lead to a function."
  value       = { for route, function in var.routes : route => function if contains(keys(var.functions), function) }
}

output "mistakes" {
  description = "What does not add up, and what to do about it: a sentence each."
  value       = local.mistakes
}
