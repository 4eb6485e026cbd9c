output "api_url" {
  description = "Where the API answers in AWS, without a slash at the end. (Of a local stack, `make url` tells.)"
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

output "table_names" {
  description = "Names of the tables, by what is in them."
  value = {
    checkout         = module.checkout.table_name
    customers_events = module.customers_events.table_name
    customers_guards = module.customers_guards.table_name
    inventory_events = module.inventory_events.table_name
    inventory_guards = module.inventory_guards.table_name
    order_history    = module.order_history.table_name
    orders_events    = module.orders_events.table_name
    payment_gateway  = module.payment_gateway.table_name
    payments_events  = module.payments_events.table_name
  }
}

output "event_stream_name" {
  description = "Name of the event stream."
  value       = module.event_stream.name
}

output "failures_bucket_name" {
  description = "Name of the bucket with the records that were given up."
  value       = module.failures.name
}
