# What every function has, and what only some may do. Which does what is said by the nouns (nouns.tftest.hcl): these
# promises hold for any.

mock_provider "aws" {
  source = "./mocks"
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

  # Of a service's facts only its own command function makes more, and of its claims.
  assert {
    condition = alltrue([
      for service, table_arn in merge(
        { for service, store in module.events : service => store.table_arn },
        { for service, store in module.guards : "${service} (guards)" => store.table_arn },
        ) : ["${split(" ", service)[0]}_commands"] == [
        for folder, function in module.functions : folder if anytrue([
          for statement in function.statements :
          contains(statement.Resource, table_arn) && can(regex("dynamodb:(Put|Delete|Update)", join(" ", statement.Action)))
        ])
      ]
    ])
    error_message = "Another function than <service>_commands may write to the events or guards of a service: take `appends` and `claims` from it, and send that function a command. (Or the function that says them has another name: call it so.)"
  }

  # The rows of a view or a process are written by the one function that a stream feeds with its events, and by those that look after it.
  assert {
    condition = alltrue([
      for writers in [
        for name, table in merge(module.processes, module.rows, module.tallies) : [
          for folder, function in module.functions : folder if folder != (contains(keys(module.processes), name) ? "deliverer" : "") && anytrue([
            for statement in function.statements :
            contains(statement.Resource, table.table_arn) && can(regex("dynamodb:(Put|Delete|Update)", join(" ", statement.Action)))
          ])
        ]
      ] : length(writers) == 4 && length(setsubtract(["operator", "recoverer", "walker"], writers)) == 0 && length(setintersection(writers, keys(module.following))) == 1
    ])
    error_message = "Others may write the rows of a view or a process than its follower, the walker, the recoverer, the operator and, of a process, the deliverer, or one of them may not."
  }

  # Commits and rows are added or replaced under a condition; guards are given up, and cells counted in. The walker deletes the rows of dropped generations.
  assert {
    condition = alltrue(flatten([
      for folder, function in module.functions : [
        for statement in function.statements : [
          for action in statement.Action :
          !can(regex("^dynamodb:(Delete|Update|BatchWrite|PartiQL)|[*]", action))
          || action == "dynamodb:DeleteItem" && length(setsubtract(statement.Resource, values(module.guards)[*].table_arn)) == 0
          || action == "dynamodb:UpdateItem" && length(setsubtract(statement.Resource, values(module.tallies)[*].table_arn)) == 0
          || action == "dynamodb:UpdateItem" && folder == "event_publisher" && statement.Resource == [aws_dynamodb_table.written.arn]
          || action == "dynamodb:BatchWriteItem" && folder == "walker" && length(setsubtract(statement.Resource, values(merge(module.rows, module.tallies))[*].table_arn)) == 0
        ]
      ]
    ]))
    error_message = "A function may change or delete items outright, or may do anything (*)."
  }

  assert {
    condition = [for folder, function in module.functions : folder if anytrue([
      for statement in function.statements : statement.Action == ["dynamodb:UpdateItem"] && statement.Resource == [aws_dynamodb_table.written.arn]
    ])] == ["event_publisher"] && module.functions["event_publisher"].environment.WRITTEN_TABLE == aws_dynamodb_table.written.name
    error_message = "The publisher may not note what was written, or others may."
  }

  # A service is commanded through its own command function. Processes do that, and those that look after them.
  assert {
    condition = alltrue(flatten([
      for folder, function in module.functions : [
        for statement in function.statements : (
          length(setsubtract(statement.Resource, [for service in keys(module.events) : "arn:aws:lambda:eu-west-1:123456789012:function:cqrs-test-${service}_commands:live"])) == 0
          && anytrue([
            for its in function.statements :
            length(setintersection(its.Resource, values(module.processes)[*].table_arn)) > 0 && contains(its.Action, "dynamodb:PutItem")
          ])
        ) if can(regex("lambda:", join(" ", statement.Action)))
      ]
    ]))
    error_message = "A function may invoke others than command functions, or may command and keeps no process: only what a process says in `commands` may be commanded."
  }

  assert {
    condition = alltrue([
      for folder, function in module.functions :
      toset(flatten([for statement in function.statements : statement.Resource if contains(statement.Action, "lambda:InvokeFunction")]))
      == toset([for variable, value in function.environment : value if endswith(variable, "_FUNCTION")])
    ])
    error_message = "A function may invoke others than it is told of."
  }

  # What happens at a deadline is a command, and nobody but Scheduler can be told to send it.
  assert {
    condition = alltrue([
      for service, policy in aws_iam_role_policy.deadlines : (
        policy.role == aws_iam_role.deadlines.name
        && jsondecode(policy.policy).Statement == [{
          Effect   = "Allow"
          Action   = "lambda:InvokeFunction"
          Resource = "arn:aws:lambda:eu-west-1:123456789012:function:cqrs-test-${service}_commands:live"
        }]
      )
    ])
    error_message = "A deadline may do more than send commands to those that have deadlines."
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
    condition = alltrue([
      for folder, function in module.functions :
      [for statement in function.statements : statement if can(regex("iam:|scheduler:", join(" ", statement.Action)))]
      == [
        for statement in [
          {
            Effect   = "Allow"
            Action   = ["scheduler:CreateSchedule"]
            Resource = ["arn:aws:scheduler:eu-west-1:123456789012:schedule/cqrs-test-deadlines/*"]
          },
          {
            Effect    = "Allow"
            Action    = ["iam:PassRole"]
            Resource  = ["arn:aws:iam::123456789012:role/deadlines"]
            Condition = { StringEquals = { "iam:PassedToService" = "scheduler.amazonaws.com" } }
          },
        ] : statement if contains(keys(function.environment), "DEADLINES_ROLE")
      ]
    ])
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
        for statement in function.statements :
        length(setsubtract(statement.Action, ["kinesis:ListStreams", "xray:PutTelemetryRecords", "xray:PutTraceSegments"])) == 0
        if contains(statement.Resource, "*")
      ]
    ]))
    error_message = "A policy names all resources (*) for more than the actions that know no resource."
  }

  # Lambda polls a stream, and leaves what it gives up, with the role of the function. (The local
  # runner does it with rights of its own.)
  assert {
    condition = alltrue(flatten([
      for folder, consumer in merge(module.following, { event_publisher = module.publishing }) : [
        for stream in keys(consumer.mappings) : length(setsubtract(
          concat(["s3:ListBucket", "s3:PutObject"], stream == "events"
            ? ["kinesis:DescribeStream", "kinesis:DescribeStreamSummary", "kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:ListShards", "kinesis:ListStreams"]
            : ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"]
          ),
          flatten([
            for statement in module.functions[folder].statements : statement.Action
            if !contains(statement.Action, "dynamodb:GetRecords") || try(contains(statement.Resource, "${module.events[stream].table_arn}/stream/*"), false)
          ]),
        )) == 0
      ]
    ]))
    error_message = "A function that a stream feeds may not read it, or may not leave what is given up."
  }

  assert {
    condition     = keys(module.publishing.mappings) == keys(module.events)
    error_message = "What a service stores is not published."
  }

  # They have everything, and nobody has to think of it.
  assert {
    condition = alltrue(flatten([
      for folder in ["operator", "recoverer", "walker"] : [
        for table in concat(values(module.events), values(module.processes), values(module.rows), values(module.tallies)) : contains(values(module.functions[folder].environment), table.table_name)
      ]
    ]))
    error_message = "The walker, the recoverer or the operator does not know a store, a view or a process."
  }

  assert {
    condition = alltrue([
      for store in values(module.events) : [
        for folder, function in module.functions : folder if anytrue([
          for statement in function.statements : contains(statement.Action, "dynamodb:Scan") && contains(statement.Resource, store.table_arn)
        ])
      ] == ["operator", "walker"]
    ])
    error_message = "The walker can't walk over a store, or the operator can't count what is behind it, or others can."
  }

  assert {
    condition = (
      toset([for process in values(module.processes) : process.table_name]) == toset([
        for table in concat(values(module.processes), values(module.rows), values(module.tallies)) : table.table_name if contains(values(module.functions["deliverer"].environment), table.table_name)
      ])
    )
    error_message = "The deliverer does not know a process, or knows a view."
  }

  assert {
    condition = {
      for folder, function in module.functions : folder => flatten([
        for statement in function.statements : statement.Action if contains(flatten([statement.Resource]), aws_dynamodb_table.walks.arn)
      ]) if strcontains(jsonencode(function.statements), aws_dynamodb_table.walks.arn)
    } == { walker = ["dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:Scan"] } && aws_dynamodb_table.walks.hash_key == "row"
    error_message = "Others than the walker know how far walks are, or it can't get and put that by name, or may do more."
  }

  # Generations: the walker alone says which there are, and deletes the rows of those that were dropped.
  assert {
    condition = [
      for folder, function in module.functions : folder if anytrue([
        for statement in function.statements :
        contains(flatten([statement.Resource]), aws_dynamodb_table.generations.arn) && contains(statement.Action, "dynamodb:PutItem")
      ])
    ] == ["walker"]
    error_message = "Others than the walker say which generations of views there are, or it can't."
  }

  assert {
    condition = alltrue([
      for table in concat(values(module.rows), values(module.tallies)) : anytrue([
        for statement in module.functions["walker"].statements :
        contains(statement.Resource, table.table_arn) && contains(statement.Action, "dynamodb:BatchWriteItem")
      ])
    ])
    error_message = "The walker can't delete the rows of a view's dropped generation."
  }

  # Walks: the walker starts the machine that takes its steps.
  assert {
    condition = {
      for folder, function in module.functions : folder => flatten([
        for statement in function.statements : statement.Action if can(regex("states:", jsonencode(statement)))
      ]) if strcontains(jsonencode(function.statements), "states:")
    } == { walker = ["states:StartExecution", "states:StopExecution"] }
    error_message = "Others than the walker start or stop walks, or it can't."
  }

  assert {
    condition     = endswith(module.functions["walker"].environment.WALKS_MACHINE, ":stateMachine:${aws_sfn_state_machine.walks.name}")
    error_message = "The walker starts another machine than the one for walks."
  }

  assert {
    condition = (
      jsondecode(aws_sfn_state_machine.walks.definition).States.Legs.ItemProcessor.States.Step.Resource == aws_lambda_alias.processes["walker"].arn
      && jsondecode(aws_sfn_state_machine.walks.definition).States.End.Resource == aws_lambda_alias.processes["walker"].arn
      && jsondecode(aws_iam_role_policy.walks.policy).Statement[0].Resource == aws_lambda_alias.processes["walker"].arn
    )
    error_message = "The machine takes its steps with another function than the walker, or may not."
  }

  assert {
    condition     = tonumber(module.functions["walker"].environment.WALKS_UNITS) <= 8000 && tonumber(module.functions["walker"].environment.WALKS_AT_ONCE) == jsondecode(aws_sfn_state_machine.walks.definition).States.Legs.MaxConcurrency
    error_message = "Walks may take more of the stores' capacity than `walks` says."
  }

  assert {
    condition     = alltrue([for function in ["walker", "recoverer", "deliverer"] : aws_lambda_function_event_invoke_config.scheduled[function].maximum_retry_attempts == 0])
    error_message = "What a schedule starts is tried again by Lambda, beside the next run."
  }

  # The API: what asks may not write, what tells goes to those who decide.
  assert {
    condition = alltrue(flatten([
      for folder, function in module.functions : [
        for route, name in module.api.function_by_route :
        !strcontains(jsonencode(function.statements), "PutItem")
        if name == function.name && (startswith(route, "GET ") || route == "$default")
      ]
    ]))
    error_message = "A query may write: let its route lead to a function that only queries and reads."
  }

  assert {
    condition = alltrue(flatten([
      for folder, function in module.functions : [
        for route, name in module.api.function_by_route :
        anytrue([for service, store in module.events : folder == "${service}_commands"])
        if name == function.name && !startswith(route, "GET ") && route != "$default"
      ]
    ]))
    error_message = "A command leads to another function than <service>_commands, which could not append what it decides."
  }

  assert {
    condition     = module.api.function_by_route == { for route, entry in module.nouns.routes : route => module.functions[entry.function].name }
    error_message = "A route leads to another function than its own."
  }

  assert {
    condition = alltrue([
      for function in module.functions :
      toset(concat(split(",", function.environment.ROUTES), ["$default"])) == toset(keys(module.api.function_by_route))
      if function.name == lookup(module.api.function_by_route, "$default", null)
    ])
    error_message = "The function behind $default does not know every route, and would answer 404 for 405."
  }

  assert {
    condition = (
      aws_scheduler_schedule.this["audit"].schedule_expression == "rate(60 minutes)"
      && aws_scheduler_schedule.this["audit"].target[0].arn == aws_lambda_alias.processes["walker"].arn
      && aws_scheduler_schedule.this["audit"].target[0].input == jsonencode({ start = "audit" })
    )
    error_message = "Nothing audits every hour, so a lost last event of a quiet stream stays lost."
  }

  assert {
    condition = {
      for name, schedule in aws_scheduler_schedule.this : name => [schedule.schedule_expression, schedule.target[0].arn, schedule.target[0].input] if name != "audit"
      } == {
      walks    = ["rate(1 minute)", aws_lambda_alias.processes["walker"].arn, jsonencode({})]
      recovery = ["rate(1 minute)", aws_lambda_alias.processes["recoverer"].arn, jsonencode({})]
      delivery = ["rate(1 minute)", aws_lambda_alias.processes["deliverer"].arn, jsonencode({})]
    }
    error_message = "Walks that were cut short, batches that were given up, or what a process could not deliver wait for longer than a minute."
  }

  # Whoever must run every minute and does not is noticed, and who fails at one view.
  assert {
    condition = alltrue([
      for service in ["walker", "recoverer", "deliverer"] :
      aws_cloudwatch_metric_alarm.this["${service}-silent"].treat_missing_data == "breaching"
      && aws_cloudwatch_metric_alarm.this["${service}-silent"].comparison_operator == "LessThanThreshold"
    ]) && aws_cloudwatch_metric_alarm.this["audit-too-old"].threshold == 3 * 60 * 60 && aws_cloudwatch_metric_alarm.this["audit-too-old"].statistic == "Maximum"
    error_message = "That the clock starts nothing any more, or that audits leave something out, raises no alarm."
  }

  assert {
    condition = alltrue([
      for view in concat(keys(module.nouns.views), keys(module.nouns.processes)) :
      aws_cloudwatch_metric_alarm.this["${view}-failing-in-walker"].dimensions == tomap({ service = "walker", part = view })
      && aws_cloudwatch_metric_alarm.this["${view}-failing-in-recoverer"].dimensions == tomap({ service = "recoverer", part = view })
    ])
    error_message = "That a view or a process can't be brought on raises no alarm."
  }

  # Unless it is asked for, there is no search, and nobody is let into one.
  assert {
    condition = (
      alltrue(flatten([
        for function in module.functions : [
          for variable in ["SEARCH_URL", "SEARCH_SERVICE", "SEARCH_ROLE"] : lookup(function.environment, variable, "none") == "none"
        ]
      ]))
      && !strcontains(jsonencode(values(module.functions)[*].statements), "sts:")
    )
    error_message = "Without a search, something of it is left."
  }
}

run "nouns_that_do_not_add_up_fail_the_plan" {
  command = plan

  module {
    source = "../../terraform"
  }

  variables {
    functions_dir = "fixtures/functions" # holds a stranger and nothing else
  }

  expect_failures = [terraform_data.nouns_add_up]
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
    condition = alltrue(flatten([
      for function in module.functions : [
        for variable, value in function.environment :
        endswith(value, ":function:${module.functions["${lower(trimsuffix(variable, "_FUNCTION"))}_commands"].name}:live")
        if endswith(variable, "_FUNCTION")
      ]
    ]))
    error_message = "A process sends commands to a function that is not there."
  }

  assert {
    condition     = length(module.event_stream.name) <= 128
    error_message = "The event stream has a name of more than 128 characters."
  }
}
