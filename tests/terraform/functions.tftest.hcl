# What every function has, and what none but one may do.

mock_provider "aws" {
  source = "./mocks"
}

override_resource {
  target = module.orders_events.aws_dynamodb_table.this
  values = {
    arn        = "arn:aws:dynamodb:eu-west-1:123456789012:table/orders-events"
    stream_arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/orders-events/stream/2026-01-01T00:00:00.000"
  }
}

override_resource {
  target = module.order_history.aws_dynamodb_table.this
  values = {
    arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/order-history"
  }
}

variables {
  environment        = "test"
  protect_data       = false
  log_retention_days = 14
  throttling         = { requests_per_second = 10, burst = 10 }
}

run "every_function_stands_for_itself_and_may_do_what_it_is_for" {
  module {
    source = "../../terraform"
  }

  assert {
    condition     = length(distinct([for function in module.functions : function.role_name])) == length(module.functions)
    error_message = "Two functions share a role."
  }

  assert {
    condition = alltrue([
      for function in module.functions : function.log_group.name == "/aws/lambda/${function.name}"
      && function.log_group.retention_days == 14
    ])
    error_message = "A function has no log group of its own that forgets after the days asked for."
  }

  assert {
    condition     = alltrue([for function in module.functions : function.layer_arns == tolist([module.layer.arn])])
    error_message = "A function does not use the one shared layer."
  }

  # Of one service's facts, only its own command function makes more.
  assert {
    condition = [
      for folder, function in module.functions : folder if anytrue(flatten([
        for json in values(function.policy_jsons) : [
          for statement in jsondecode(json).Statement :
          contains(flatten([statement.Resource]), "arn:aws:dynamodb:eu-west-1:123456789012:table/orders-events")
          && contains(flatten([statement.Action]), "dynamodb:PutItem")
        ]
      ]))
    ] == ["order_commands"]
    error_message = "Functions other than order_commands may append to the orders' event store."
  }

  # Commits and rows are added or replaced under a condition.
  assert {
    condition = alltrue(flatten([
      for function in module.functions : [
        for json in values(function.policy_jsons) : [
          for statement in jsondecode(json).Statement : [
            for action in flatten([statement.Action]) :
            !can(regex("^dynamodb:(Delete|Update|BatchWrite|PartiQL)|[*]", action))
          ]
        ]
      ]
    ]))
    error_message = "A function may change or delete items outright, or may do anything (*)."
  }

  assert {
    condition = alltrue(flatten([
      for function in module.functions : [
        for json in values(function.policy_jsons) : [
          for statement in jsondecode(json).Statement :
          length(setsubtract(flatten([statement.Action]), [
            "kinesis:ListStreams",
            "xray:PutTelemetryRecords",
            "xray:PutTraceSegments",
          ])) == 0
          if contains(flatten([statement.Resource]), "*")
        ]
      ]
    ]))
    error_message = "A policy names all resources (*) for more than the actions that know no resource."
  }

  # Lambda polls a stream, and leaves what it gives up, with the role of the function. (The local
  # runner does it with rights of its own.)
  assert {
    condition = alltrue([
      for folder, needed in {
        event_publisher = [
          "dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams",
          "s3:ListBucket", "s3:PutObject",
        ]
        storefront_projector = [
          "kinesis:DescribeStream", "kinesis:DescribeStreamSummary", "kinesis:GetRecords", "kinesis:GetShardIterator",
          "kinesis:ListShards", "kinesis:ListStreams", "s3:ListBucket", "s3:PutObject",
        ]
        } : length(setsubtract(needed, flatten([
          for json in values(module.functions[folder].policy_jsons) : [
            for statement in jsondecode(json).Statement : statement.Action
          ]
      ]))) == 0
    ])
    error_message = "A function that a stream feeds may not read it, or may not leave what is given up."
  }

  # The queries and the sweep read the store, so a view can be late or lost without an answer being wrong.
  assert {
    condition     = !anytrue([for use, json in module.functions["storefront_queries"].policy_jsons : can(regex("PutItem", json))])
    error_message = "A query may write."
  }

  assert {
    condition = alltrue([
      for route in keys(module.api.function_by_route) :
      contains(split(",", module.functions["storefront_queries"].environment.ROUTES), route) || route == "$default"
    ])
    error_message = "The function behind $default does not know every route, and would answer 404 for 405."
  }

  assert {
    condition = module.api.function_by_route == {
      "POST /orders"               = "cqrs-test-order_commands"
      "POST /orders/{id}/cancel"   = "cqrs-test-order_commands"
      "PUT /orders/{id}/address"   = "cqrs-test-order_commands"
      "GET /orders/{id}"           = "cqrs-test-storefront_queries"
      "GET /customers/{id}/orders" = "cqrs-test-storefront_queries"
      "GET /health"                = "cqrs-test-storefront_queries"
      "$default"                   = "cqrs-test-storefront_queries"
    }
    error_message = "A route leads to another function than its own."
  }

  assert {
    condition = (
      aws_scheduler_schedule.sweep.schedule_expression == "rate(15 minutes)"
      && aws_scheduler_schedule.sweep.target[0].arn == module.functions["sweeper"].arn
    )
    error_message = "Nothing sweeps every quarter of an hour, so a lost last event of a quiet stream stays lost."
  }
}

run "a_folder_without_an_entry_and_an_entry_without_a_folder_fail_the_plan" {
  command = plan

  module {
    source = "../../terraform"
  }

  variables {
    functions_dir = "fixtures/functions" # holds a stranger and nothing else
  }

  expect_failures = [terraform_data.functions_match_folders]
}

run "packages_that_were_not_built_fail_the_plan" {
  command = plan

  module {
    source = "../../terraform"
  }

  variables {
    packages_dir = "fixtures"
  }

  expect_failures = [terraform_data.packages_are_built]
}

run "no_name_gets_longer_than_aws_allows" {
  command = plan

  module {
    source = "../../terraform"
  }

  variables {
    name        = "a-name-as-long-as-a-name-may-be1"
    environment = "and-its-stage-01"
  }

  assert {
    condition = alltrue([
      for function in module.functions : length(function.name) <= 64 && length(function.role_name) <= 64
    ])
    error_message = "A function or role has a name of more than 64 characters."
  }

  assert {
    condition     = length(distinct([for function in module.functions : function.name])) == length(module.functions)
    error_message = "Two functions were cut to the same name."
  }

  assert {
    condition = alltrue([
      for name in [module.failures.bucket, module.packages.bucket] : can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", name))
    ])
    error_message = "A bucket has a name that S3 refuses."
  }

  assert {
    condition     = length(aws_scheduler_schedule.sweep.name) <= 64 && length(aws_iam_role.sweep_schedule.name) <= 64
    error_message = "The sweep's schedule or role has a name of more than 64 characters."
  }

  assert {
    condition     = length(module.event_stream.name) <= 128
    error_message = "The event stream has a name of more than 128 characters."
  }
}
