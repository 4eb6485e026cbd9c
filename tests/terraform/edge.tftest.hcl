# The edge: who may call the API from where, and how often.

mock_provider "aws" {
  source = "./mocks"
}

variables {
  name               = "api"
  description        = "Lends books."
  log_retention_days = 14
  throttling         = { requests_per_second = 10, burst = 20 }

  routes = {
    "GET /books/{id}"      = { function = "queries", role = "public" }
    "PUT /books/{id}"      = { function = "commands", role = "public" }
    "POST /books/{id}/buy" = { function = "commands", role = "public" }
    "$default"             = { function = "queries", role = "public" }
  }

  functions = {
    commands = { name = "live", function_name = "commands", invoke_arn = "arn:aws:apigateway:eu-west-1:lambda:path/commands" }
    queries  = { name = "live", function_name = "queries", invoke_arn = "arn:aws:apigateway:eu-west-1:lambda:path/queries" }
  }
}

run "pages_of_other_origins_have_no_rules_unless_they_are_asked_for" {
  command = plan

  module {
    source = "../../terraform/modules/http_api"
  }

  assert {
    condition     = length(aws_apigatewayv2_api.this.cors_configuration) == 0
    error_message = "Nobody asked for CORS, and pages are told that they may call."
  }
}

run "a_page_of_a_known_origin_may_send_and_read_what_the_api_is_about" {
  command = plan

  module {
    source = "../../terraform/modules/http_api"
  }

  variables {
    cors = { origins = ["https://library.example"], max_age_seconds = 600 }
  }

  assert {
    condition = {
      for name, value in aws_apigatewayv2_api.this.cors_configuration[0] : name => try(sort(value), value) if value != null
      } == {
      allow_origins  = tolist(["https://library.example"])
      allow_methods  = tolist(["*"])
      allow_headers  = tolist(["Authorization", "Consistency-Token", "Content-Type", "Idempotency-Key", "If-Match", "X-Correlation-Id"])
      expose_headers = tolist(["Consistency", "Consistency-Token", "ETag", "Location", "Retry-After", "X-Correlation-Id"])
      max_age        = 600
    }
    error_message = "Pages may not send what functions read, or not read what they answer; or others may call, or may send cookies."
  }
}

run "a_route_that_costs_more_has_a_limit_of_its_own" {
  command = plan

  module {
    source = "../../terraform/modules/http_api"
  }

  variables {
    throttling = {
      requests_per_second = 10
      burst               = 20
      routes              = { "PUT /books/{id}" = { requests_per_second = 2, burst = 3 } }
    }
  }

  assert {
    condition = (
      aws_apigatewayv2_stage.this.default_route_settings[0].throttling_rate_limit == 10
      && aws_apigatewayv2_stage.this.default_route_settings[0].throttling_burst_limit == 20
      && [for limit in aws_apigatewayv2_stage.this.route_settings : [limit.route_key, limit.throttling_rate_limit, limit.throttling_burst_limit]] == [["PUT /books/{id}", 2, 3]]
    )
    error_message = "A route may be asked more often than its limit says, or others less often."
  }
}

run "a_limit_of_what_is_no_route_fails_the_plan" {
  command = plan

  module {
    source = "../../terraform/modules/http_api"
  }

  variables {
    throttling = {
      requests_per_second = 10
      burst               = 20
      routes              = { "PUT /book/{id}" = { requests_per_second = 2, burst = 3 } }
    }
  }

  expect_failures = [var.throttling]
}

run "pages_are_let_in_by_one_setting" {
  command = plan

  module {
    source = "../../terraform"
  }

  variables {
    name         = "cqrs"
    environment  = "test"
    protect_data = false
    cors         = { origins = ["https://shop.example"] }
  }

  assert {
    condition     = module.api.cors[0].allow_origins == toset(["https://shop.example"]) && module.api.cors[0].max_age == 3600
    error_message = "The API does not know the origins that the environment names."
  }

  assert {
    condition = alltrue([
      for function in module.functions : contains(split(",", function.environment.ROUTES), "OPTIONS *")
      if function.name == module.api.function_by_route["$default"]
    ])
    error_message = "The function behind $default refuses preflights, and so browsers refuse what follows."
  }
}

run "an_origin_has_no_path" {
  command = plan

  module {
    source = "../../terraform"
  }

  variables {
    name         = "cqrs"
    environment  = "test"
    protect_data = false
    cors         = { origins = ["https://shop.example/"] }
  }

  expect_failures = [var.cors]
}
