output "api_url" {
  description = "URL of the API in AWS, without a slash at the end. (For a local stack use `make url`.)"
  value       = module.api.url
}

output "api_id" {
  description = "Id of the HTTP API."
  value       = module.api.id
}

output "function_names" {
  description = "Names of the functions, by their folder in functions/."
  value       = { for folder, function in module.functions : folder => function.name }
}

output "waves" {
  description = "The functions, by folder, in the order in which a deployment lets new code be live: wave after wave."
  value       = [for wave in ["queries", "followers", "processes", "commands"] : { wave = wave, functions = sort(module.nouns.waves[wave]) }]
}

output "live_versions" {
  description = "The version that is live of each function."
  value       = { for name, alias in local.aliases : name => alias.function_version }
}

output "table_names" {
  description = "Names of the tables, by content."
  value = merge(
    { for service, store in module.events : "${service}_events" => store.table_name },
    { for service, store in module.guards : "${service}_guards" => store.table_name },
    { for name, table in local.tables : name => table.table_name },
    { walks = aws_dynamodb_table.walks.name, written = aws_dynamodb_table.written.name },
  )
}

output "event_stream_name" {
  description = "Name of the event stream."
  value       = module.event_stream.name
}

output "failures_bucket_name" {
  description = "Name of the bucket with the batches that stream mappings gave up on."
  value       = module.failures.name
}

output "search_url" {
  description = "URL of the search, \"none\" if there is none."
  value       = module.search.url
}
