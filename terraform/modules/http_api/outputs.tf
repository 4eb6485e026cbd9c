output "id" {
  description = "Id of the API."
  value       = aws_apigatewayv2_api.this.id
}

output "url" {
  description = "URL of the API, without a slash at the end."
  value       = trimsuffix(aws_apigatewayv2_stage.this.invoke_url, "/")
}

output "function_by_route" {
  description = "Name of each route's function."
  value = {
    for route, function in var.routes :
    aws_apigatewayv2_route.this[route].route_key => var.functions[function].name
  }
}
