output "id" {
  description = "Id of the API."
  value       = aws_apigatewayv2_api.this.id
}

output "url" {
  description = "URL of the API, without a slash at the end."
  value       = aws_apigatewayv2_api.this.api_endpoint # the stage waits for the functions, some of which are told this
}

output "cors" {
  description = "The rules for web pages of other origins. Empty without."
  value       = aws_apigatewayv2_api.this.cors_configuration
}

output "throttled" {
  description = "Requests a second of each route with a limit of its own."
  value       = { for limit in aws_apigatewayv2_stage.this.route_settings : limit.route_key => limit.throttling_rate_limit }
}

output "function_by_route" {
  description = "Name of each route's function."
  value = {
    for route, entry in var.routes :
    aws_apigatewayv2_route.this[route].route_key => var.functions[entry.function].function_name
  }
}

output "invoked" {
  description = "What is invoked for each function of a route, and which alias of it may be."
  value = {
    for name, permission in aws_lambda_permission.this :
    name => { uri = aws_apigatewayv2_integration.this[name].integration_uri, qualifier = permission.qualifier }
  }
}

output "authorisation_by_route" {
  description = "How each route finds out who asks: NONE or JWT."
  value       = { for route in aws_apigatewayv2_route.this : route.route_key => route.authorization_type }
}

output "trusts" {
  description = "Whose tokens are believed, and for which audiences they must be made."
  value = [
    for authorizer in aws_apigatewayv2_authorizer.this :
    { issuer = authorizer.jwt_configuration[0].issuer, audience = authorizer.jwt_configuration[0].audience }
  ]
}
