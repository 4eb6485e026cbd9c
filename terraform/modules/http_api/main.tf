resource "aws_apigatewayv2_api" "this" {
  name          = var.name
  description   = var.description
  protocol_type = "HTTP"

  # API Gateway adds these headers to answers. A preflight is answered by the function of `$default`, which is asked
  # for every method that has no route.
  dynamic "cors_configuration" {
    for_each = length(var.cors.origins) == 0 ? [] : [var.cors]

    content {
      allow_origins  = cors_configuration.value.origins
      allow_methods  = ["*"] # those that have a route
      allow_headers  = ["Authorization", "Consistency-Token", "Content-Type", "Idempotency-Key", "If-Match", "X-Correlation-Id"]
      expose_headers = ["Consistency", "Consistency-Token", "ETag", "Location", "Retry-After", "X-Correlation-Id"]
      max_age        = cors_configuration.value.max_age_seconds
    }
  }

  tags = var.local_id == null ? {} : { ms-custom-id = var.local_id }
}

resource "aws_apigatewayv2_stage" "this" {
  api_id      = aws_apigatewayv2_api.this.id
  name        = "$default"
  auto_deploy = true

  default_route_settings {
    throttling_rate_limit  = var.throttling.requests_per_second
    throttling_burst_limit = var.throttling.burst
  }

  dynamic "route_settings" {
    for_each = var.throttling.routes

    content {
      route_key              = aws_apigatewayv2_route.this[route_settings.key].route_key
      throttling_rate_limit  = route_settings.value.requests_per_second
      throttling_burst_limit = route_settings.value.burst
    }
  }

  dynamic "access_log_settings" {
    for_each = aws_cloudwatch_log_group.access

    content {
      destination_arn = access_log_settings.value.arn
      format = jsonencode({
        time          = "$context.requestTime"
        request_id    = "$context.requestId"
        ip            = "$context.identity.sourceIp"
        route         = "$context.routeKey"
        actor         = "$context.authorizer.claims.sub"
        status        = "$context.status"
        latency_ms    = "$context.responseLatency"
        function_ms   = "$context.integrationLatency"
        error         = "$context.error.message"
        function_fail = "$context.integrationErrorMessage"
      })
    }
  }
}

resource "aws_cloudwatch_log_group" "access" {
  count = var.access_logs ? 1 : 0

  # With this prefix, AWS needs no entry per API in the account's log resource policy, whose size is limited.
  name              = "/aws/vendedlogs/http-api/${var.name}"
  retention_in_days = var.log_retention_days
}

resource "aws_apigatewayv2_route" "this" {
  for_each = var.routes

  api_id    = aws_apigatewayv2_api.this.id
  route_key = each.key
  target    = "integrations/${aws_apigatewayv2_integration.this[each.value.function].id}"

  authorization_type = each.value.role == "public" ? "NONE" : "JWT"
  authorizer_id      = each.value.role == "public" ? null : aws_apigatewayv2_authorizer.this[0].id
}

# Who sends no token, or one that is not to be believed, does not reach a function: 401.
resource "aws_apigatewayv2_authorizer" "this" {
  count = var.identity == null ? 0 : 1

  api_id           = aws_apigatewayv2_api.this.id
  name             = "access-tokens"
  authorizer_type  = "JWT"
  identity_sources = ["$request.header.Authorization"]

  jwt_configuration {
    issuer   = var.identity.issuer
    audience = var.identity.audience
  }
}

resource "aws_apigatewayv2_integration" "this" {
  for_each = local.functions

  api_id                 = aws_apigatewayv2_api.this.id
  description            = "Invokes ${each.value.function_name}."
  integration_type       = "AWS_PROXY"
  integration_uri        = each.value.invoke_arn
  payload_format_version = "2.0"
}

resource "aws_lambda_permission" "this" {
  for_each = local.functions

  statement_id  = "http-api"
  action        = "lambda:InvokeFunction"
  function_name = each.value.function_name
  qualifier     = each.value.name
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_apigatewayv2_api.this.execution_arn}/*" # every route of this API
}

locals {
  # The functions of all routes.
  functions = { for key in toset(values(var.routes)[*].function) : key => var.functions[key] }
}
