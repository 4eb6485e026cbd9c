output "services" {
  description = "The services, with defaults filled in."
  value       = local.known.services
}

output "views" {
  description = "The views, with defaults filled in."
  value       = local.known.views
}

output "processes" {
  description = "The processes, with defaults filled in."
  value       = local.known.processes
}

output "functions" {
  description = "The functions, with what is derived: `reads` are all services whose events a function may need, `keeps` and `queries` its tables, `commands` and `deadlines` those of its processes; `searches`: whether it uses the search; `indexes`: whether it writes there, too."
  value       = local.functions
}

output "followers" {
  description = "The functions that are fed by streams, and what they keep: in tables or in the search index."
  value       = { for name, function in local.known.functions : name => function if length(function.keeps) > 0 }
}

output "of_views" {
  description = "The functions that keep views or answer from them, also in a search index."
  value       = [for name, touched in local.touches : name if length(setintersection(touched, keys(var.views))) > 0]
}

output "waves" {
  description = "The functions of each wave of a deployment, in which who reads comes before who writes: `queries` read rows, `followers` write them and read events, `processes` read events and send commands (with those that look after processes, and the publisher), `commands` write events."
  value       = { for wave in ["queries", "followers", "processes", "commands"] : wave => toset([for name, its in local.wave_of : name if its == wave]) }
}

output "commanded" {
  description = "The command function of each service that processes send commands to."
  value       = local.commanded
}

output "commanded_at_deadlines" {
  description = "The services that get commands at deadlines."
  value       = toset(flatten([for function in local.functions : tolist(function.deadlines)]))
}

output "routes" {
  description = "The routes whose function exists, each with its `function` and `role`."
  value       = { for route, entry in local.entries.routes : route => entry if contains(keys(var.functions), coalesce(entry.function, "nothing")) }
}

output "mistakes" {
  description = "Mistakes in the lists, and what to do about them: a sentence each."
  value       = local.mistakes
}
