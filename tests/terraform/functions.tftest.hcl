# What every function has, and what only some may do.

mock_provider "aws" {
  source = "./mocks"
}

override_resource {
  target = module.customers_events.aws_dynamodb_table.this
  values = {
    arn        = "arn:aws:dynamodb:eu-west-1:123456789012:table/customers-events"
    stream_arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/customers-events/stream/2026-01-01T00:00:00.000"
  }
}

override_resource {
  target = module.inventory_events.aws_dynamodb_table.this
  values = {
    arn        = "arn:aws:dynamodb:eu-west-1:123456789012:table/inventory-events"
    stream_arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/inventory-events/stream/2026-01-01T00:00:00.000"
  }
}

override_resource {
  target = module.orders_events.aws_dynamodb_table.this
  values = {
    arn        = "arn:aws:dynamodb:eu-west-1:123456789012:table/orders-events"
    stream_arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/orders-events/stream/2026-01-01T00:00:00.000"
  }
}

override_resource {
  target = module.payments_events.aws_dynamodb_table.this
  values = {
    arn        = "arn:aws:dynamodb:eu-west-1:123456789012:table/payments-events"
    stream_arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/payments-events/stream/2026-01-01T00:00:00.000"
  }
}

override_resource {
  target = module.customers_guards.aws_dynamodb_table.this
  values = {
    arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/customers-guards"
  }
}

override_resource {
  target = module.inventory_guards.aws_dynamodb_table.this
  values = {
    arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/inventory-guards"
  }
}

override_resource {
  target = module.checkout.aws_dynamodb_table.this
  values = {
    arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/checkout"
  }
}

override_resource {
  target = module.payment_gateway.aws_dynamodb_table.this
  values = {
    arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/payment-gateway"
  }
}

override_resource {
  target = module.order_history.aws_dynamodb_table.this
  values = {
    arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/order-history"
  }
}

override_resource {
  target = module.customer_lookups.aws_dynamodb_table.this
  values = {
    arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/customer-lookups"
  }
}

override_resource {
  target = module.placed_orders.aws_dynamodb_table.this
  values = {
    arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/placed-orders"
  }
}

override_resource {
  target = module.product_lookups.aws_dynamodb_table.this
  values = {
    arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/product-lookups"
  }
}

override_resource {
  target = module.sales.aws_dynamodb_table.this
  values = {
    arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/sales"
  }
}

override_resource {
  target = aws_iam_role.deadlines
  values = {
    arn = "arn:aws:iam::123456789012:role/deadlines"
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

  # Of one service's facts, only its own command function makes more; so with its guards, and with the
  # rows of a view or a process.
  assert {
    condition = {
      for table in [
        "customers-events", "customers-guards", "inventory-events", "inventory-guards", "orders-events", "payments-events",
        "checkout", "payment-gateway", "order-history", "customer-lookups", "product-lookups", "sales", "placed-orders",
        ] : table => [
        for folder, function in module.functions : folder if anytrue(flatten([
          for json in values(function.policy_jsons) : [
            for statement in jsondecode(json).Statement :
            contains(flatten([statement.Resource]), "arn:aws:dynamodb:eu-west-1:123456789012:table/${table}")
            && anytrue([for action in flatten([statement.Action]) : can(regex("^dynamodb:(Put|Delete)", action))])
          ]
        ]))
      ]
      } == {
      "customers-events" = ["customers_commands"]
      "customers-guards" = ["customers_commands"]
      "inventory-events" = ["inventory_commands"]
      "inventory-guards" = ["inventory_commands"]
      "orders-events"    = ["orders_commands"]
      "payments-events"  = ["payments_commands"]
      "checkout"         = ["checkout_process", "sweeper"]
      "payment-gateway"  = ["payments_gateway", "sweeper"]
      "order-history"    = ["storefront_projector", "sweeper"]
      "customer-lookups" = ["storefront_projector", "sweeper"]
      "product-lookups"  = ["storefront_projector", "sweeper"]
      "sales"            = ["storefront_projector", "sweeper"]
      "placed-orders"    = ["orders_projector", "sweeper"]
    }
    error_message = "A function may write to a store that is not its own, or not to one that is."
  }

  # Commits and rows are added or replaced under a condition; guards are given up, and cells counted in.
  assert {
    condition = alltrue(flatten([
      for function in module.functions : [
        for json in values(function.policy_jsons) : [
          for statement in jsondecode(json).Statement : [
            for action in flatten([statement.Action]) :
            !can(regex("^dynamodb:(Delete|Update|BatchWrite|PartiQL)|[*]", action))
            || action == "dynamodb:DeleteItem" && alltrue([for arn in flatten([statement.Resource]) : endswith(arn, "-guards")])
            || action == "dynamodb:UpdateItem" && alltrue([for arn in flatten([statement.Resource]) : endswith(arn, "/sales")])
          ]
        ]
      ]
    ]))
    error_message = "A function may change or delete items outright, or may do anything (*)."
  }

  # A service is commanded through its own command function, and only processes do that, or the sweeper for them.
  assert {
    condition = {
      for folder, function in module.functions : folder => sort(flatten([
        for json in values(function.policy_jsons) : [
          for statement in jsondecode(json).Statement : statement.Resource
          if contains(flatten([statement.Action]), "lambda:InvokeFunction")
        ]
      ])) if anytrue([for json in values(function.policy_jsons) : strcontains(json, "lambda:")])
      } == {
      for folder, commanded in {
        checkout_process = ["inventory_commands", "orders_commands", "payments_commands"]
        payments_gateway = ["payments_commands"]
        sweeper          = ["inventory_commands", "orders_commands", "payments_commands"]
      } : folder => sort([for name in commanded : "arn:aws:lambda:eu-west-1:123456789012:function:cqrs-test-${name}"])
    }
    error_message = "A function may invoke others than those it sends commands to."
  }

  # What happens at a deadline is a command to an order, and nobody but Scheduler can be told to send it.
  assert {
    condition = (
      [for policy in aws_iam_role_policy.deadlines : jsondecode(policy.policy).Statement] == [[{
        Effect   = "Allow"
        Action   = "lambda:InvokeFunction"
        Resource = "arn:aws:lambda:eu-west-1:123456789012:function:cqrs-test-orders_commands"
      }]]
      && alltrue([for policy in aws_iam_role_policy.deadlines : policy.role == aws_iam_role.deadlines.name])
    )
    error_message = "A deadline may do more than command orders."
  }

  assert {
    condition = alltrue([
      for trust in [aws_iam_role.deadlines.assume_role_policy, aws_iam_role.schedules.assume_role_policy] :
      alltrue([
        for statement in jsondecode(trust).Statement :
        statement.Principal == { Service = "scheduler.amazonaws.com" }
        && statement.Condition == { StringEquals = { "aws:SourceAccount" = "123456789012" } }
      ])
    ])
    error_message = "A schedule of another account may use a role."
  }

  assert {
    condition = {
      for folder, function in module.functions : folder => flatten([
        for json in values(function.policy_jsons) : [
          for statement in jsondecode(json).Statement : statement
          if can(regex("^(iam|scheduler):", join(" ", flatten([statement.Action]))))
        ]
      ]) if anytrue([for json in values(function.policy_jsons) : can(regex("\"(iam|scheduler):", json))])
      } == {
      for folder in ["checkout_process", "sweeper"] : folder => [
        {
          Effect   = "Allow"
          Action   = "scheduler:CreateSchedule"
          Resource = ["arn:aws:scheduler:eu-west-1:123456789012:schedule/cqrs-test-deadlines/*"]
        },
        {
          Effect    = "Allow"
          Action    = "iam:PassRole"
          Resource  = "arn:aws:iam::123456789012:role/deadlines"
          Condition = { StringEquals = { "iam:PassedToService" = "scheduler.amazonaws.com" } }
        },
      ]
    }
    error_message = "A function may set other schedules than deadlines, or hand on another role than theirs."
  }

  # All policies of a role together may have 10,240 characters.
  assert {
    condition = alltrue([
      for function in module.functions : sum([for json in values(function.policy_jsons) : length(json)]) < 8000
    ])
    error_message = "With longer names, a role would have more policies than IAM allows."
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
        checkout_process = [
          "kinesis:DescribeStream", "kinesis:DescribeStreamSummary", "kinesis:GetRecords", "kinesis:GetShardIterator",
          "kinesis:ListShards", "kinesis:ListStreams", "s3:ListBucket", "s3:PutObject",
        ]
        payments_gateway = [
          "kinesis:DescribeStream", "kinesis:DescribeStreamSummary", "kinesis:GetRecords", "kinesis:GetShardIterator",
          "kinesis:ListShards", "kinesis:ListStreams", "s3:ListBucket", "s3:PutObject",
        ]
        storefront_projector = [
          "kinesis:DescribeStream", "kinesis:DescribeStreamSummary", "kinesis:GetRecords", "kinesis:GetShardIterator",
          "kinesis:ListShards", "kinesis:ListStreams", "s3:ListBucket", "s3:PutObject",
        ]
        storefront_indexer = [
          "kinesis:DescribeStream", "kinesis:DescribeStreamSummary", "kinesis:GetRecords", "kinesis:GetShardIterator",
          "kinesis:ListShards", "kinesis:ListStreams", "s3:ListBucket", "s3:PutObject",
        ]
        orders_projector = [
          "dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams",
          "s3:ListBucket", "s3:PutObject",
        ]
        } : length(setsubtract(needed, flatten([
          for json in values(module.functions[folder].policy_jsons) : [
            for statement in jsondecode(json).Statement : statement.Action
          ]
      ]))) == 0
    ])
    error_message = "A function that a stream feeds may not read it, or may not leave what is given up."
  }

  # The queries and the sweep read the stores, so a view can be late or lost without an answer being wrong.
  assert {
    condition = !anytrue(flatten([
      for folder, function in module.functions : [for json in values(function.policy_jsons) : can(regex("PutItem", json))]
      if anytrue([for role in ["_queries", "_search", "_composition"] : endswith(folder, role)])
    ]))
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
      "POST /customers"                     = "cqrs-test-customers_commands"
      "PUT /customers/{id}/name"            = "cqrs-test-customers_commands"
      "PUT /customers/{id}/email"           = "cqrs-test-customers_commands"
      "GET /customers"                      = "cqrs-test-customers_queries"
      "GET /customers/{id}"                 = "cqrs-test-customers_queries"
      "POST /products"                      = "cqrs-test-inventory_commands"
      "PUT /products/{id}/price"            = "cqrs-test-inventory_commands"
      "POST /products/{id}/receive"         = "cqrs-test-inventory_commands"
      "POST /products/{id}/reserve"         = "cqrs-test-inventory_commands"
      "POST /products/{id}/release"         = "cqrs-test-inventory_commands"
      "POST /products/{id}/ship"            = "cqrs-test-inventory_commands"
      "GET /products"                       = "cqrs-test-inventory_queries"
      "GET /products/{id}"                  = "cqrs-test-inventory_queries"
      "POST /orders"                        = "cqrs-test-orders_commands"
      "PUT /orders/{id}/address"            = "cqrs-test-orders_commands"
      "POST /orders/{id}/confirm"           = "cqrs-test-orders_commands"
      "POST /orders/{id}/reject"            = "cqrs-test-orders_commands"
      "POST /orders/{id}/cancel"            = "cqrs-test-orders_commands"
      "POST /orders/{id}/ship"              = "cqrs-test-orders_commands"
      "POST /orders/{id}/deliver"           = "cqrs-test-orders_commands"
      "POST /payments/{id}/authorise"       = "cqrs-test-payments_commands"
      "POST /payments/{id}/capture"         = "cqrs-test-payments_commands"
      "POST /payments/{id}/void"            = "cqrs-test-payments_commands"
      "POST /payments/{id}/refund"          = "cqrs-test-payments_commands"
      "GET /payments"                       = "cqrs-test-payments_queries"
      "GET /payments/{id}"                  = "cqrs-test-payments_queries"
      "GET /order-facts"                    = "cqrs-test-orders_queries"
      "GET /order-facts/{id}"               = "cqrs-test-orders_queries"
      "GET /orders"                         = "cqrs-test-storefront_queries"
      "GET /orders/{id}"                    = "cqrs-test-storefront_queries"
      "GET /customers/{id}/orders"          = "cqrs-test-storefront_queries"
      "GET /sales/products"                 = "cqrs-test-storefront_queries"
      "GET /search/orders"                  = "cqrs-test-storefront_search"
      "GET /composed/orders/{id}"           = "cqrs-test-storefront_composition"
      "GET /composed/customers/{id}/orders" = "cqrs-test-storefront_composition"
      "GET /health"                         = "cqrs-test-storefront_queries"
      "$default"                            = "cqrs-test-storefront_queries"
    }
    error_message = "A route leads to another function than its own."
  }

  assert {
    condition = (
      aws_scheduler_schedule.this["sweep"].schedule_expression == "rate(15 minutes)"
      && aws_scheduler_schedule.this["sweep"].target[0].arn == module.functions["sweeper"].arn
      && aws_scheduler_schedule.this["sweep"].target[0].input == jsonencode({})
    )
    error_message = "Nothing sweeps every quarter of an hour, so a lost last event of a quiet stream stays lost."
  }

  assert {
    condition = (
      aws_scheduler_schedule.this["delivery"].schedule_expression == "rate(1 minute)"
      && aws_scheduler_schedule.this["delivery"].target[0].arn == module.functions["sweeper"].arn
      && aws_scheduler_schedule.this["delivery"].target[0].input == jsonencode({ deliver = "waiting" })
    )
    error_message = "What a process could not deliver waits for the sweep."
  }

  # Unless it is asked for, there is no search, and nobody is let into one.
  assert {
    condition = (
      module.functions["storefront_search"].environment.SEARCH_URL == "none"
      && module.functions["storefront_search"].environment.SEARCH_SERVICE == "none"
      && module.functions["storefront_search"].environment.SEARCH_ROLE == "none"
      && !anytrue(flatten([for function in module.functions : [for json in values(function.policy_jsons) : strcontains(json, "sts:")]]))
      && keys(aws_scheduler_schedule.this) == ["delivery", "sweep"]
    )
    error_message = "Without a search, something of it is left."
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
    condition = alltrue([
      for name in concat(
        [for schedule in aws_scheduler_schedule.this : schedule.name],
        [aws_scheduler_schedule_group.deadlines.name, aws_iam_role.deadlines.name, aws_iam_role.schedules.name],
      ) : length(name) <= 64
    ])
    error_message = "A schedule, their group or a role has a name of more than 64 characters."
  }

  assert {
    condition = alltrue([
      for folder, variable in {
        inventory_commands = "INVENTORY_FUNCTION"
        orders_commands    = "ORDERS_FUNCTION"
        payments_commands  = "PAYMENTS_FUNCTION"
      } : endswith(module.functions["checkout_process"].environment[variable], ":function:${module.functions[folder].name}")
    ])
    error_message = "A process sends commands to a function that is not there."
  }

  assert {
    condition     = length(module.event_stream.name) <= 128
    error_message = "The event stream has a name of more than 128 characters."
  }
}
