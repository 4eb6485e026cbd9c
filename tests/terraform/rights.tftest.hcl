# Least privilege: what functions may do at all, and who may do it. Who uses what is said by functions.tftest.hcl; that
# each right is needed, by tests/shop/e2e/test_rights.py.

mock_provider "aws" {
  source = "./mocks"
}

override_resource {
  target = module.search.aws_iam_role.this["read"]
  values = { arn = "arn:aws:iam::123456789012:role/reads-search" }
}

override_resource {
  target = module.search.aws_iam_role.this["write"]
  values = { arn = "arn:aws:iam::123456789012:role/writes-search" }
}

variables {
  environment        = "test"
  protect_data       = false
  log_retention_days = 14
  throttling         = { requests_per_second = 10, burst = 10 }

  search = {
    kind             = "domain"
    engine_version   = "OpenSearch_3.3"
    instance_type    = "t3.small.search"
    instance_count   = 1
    volume_gigabytes = 10
  }
}

run "a_function_may_do_what_it_is_for_and_nothing_else" {
  module {
    source = "../../terraform"
  }

  # All actions that there are: none creates, changes, deletes or administers a table, a stream, a bucket, a role.
  assert {
    condition = length(setsubtract(flatten([for function in module.functions : function.statements[*].Action]), [
      "dynamodb:BatchGetItem",
      "dynamodb:BatchWriteItem", # of dropped generations, by the walker
      "dynamodb:DeleteItem",     # of guards
      "dynamodb:DescribeStream",
      "dynamodb:DescribeTable",
      "dynamodb:GetItem",
      "dynamodb:GetRecords",
      "dynamodb:GetShardIterator",
      "dynamodb:ListStreams",
      "dynamodb:PutItem",
      "dynamodb:Query",
      "dynamodb:Scan",
      "dynamodb:UpdateItem", # of the cells of tallies
      "iam:PassRole",        # of deadlines, to Scheduler
      "kinesis:DescribeStream",
      "kinesis:DescribeStreamSummary",
      "kinesis:GetRecords",
      "kinesis:GetShardIterator",
      "kinesis:ListShards",
      "kinesis:ListStreams",
      "kinesis:PutRecords",
      "lambda:InvokeFunction",
      "logs:CreateLogStream",
      "logs:PutLogEvents",
      "s3:DeleteObject", # of batches that were taken up
      "s3:GetObject",
      "s3:ListBucket",
      "s3:PutObject",
      "scheduler:CreateSchedule",
      "states:StartExecution",
      "states:StopExecution",
      "sts:AssumeRole", # of the search
      "xray:PutTelemetryRecords",
      "xray:PutTraceSegments",
    ])) == 0
    error_message = "A function may do what none may: take it away, or add it to this list if nothing is administered by it."
  }

  # Each kind of * in a resource, with the actions that have it, and why.
  assert {
    condition = alltrue(flatten([
      for function in module.functions : [
        for statement in function.statements : [
          for resource in statement.Resource : anytrue([
            for pattern, actions in {
              "^[*]$"                              = ["kinesis:ListStreams", "xray:PutTelemetryRecords", "xray:PutTraceSegments"]                            # know no resource
              "^arn:aws:logs:[^*]*:[*]$"           = ["logs:CreateLogStream", "logs:PutLogEvents"]                                                           # Lambda names log streams
              "^[^*]*/stream/[*]$"                 = ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"] # named by time
              "^[^*]*/index/[*]$"                  = ["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query"]                                         # all lists of one view
              "^arn:aws:s3:::[^*]*/[*]$"           = ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"]                                                     # Lambda names objects
              ":schedule/cqrs-test-deadlines/[*]$" = ["scheduler:CreateSchedule"]                                                                            # named by command
              ":execution:cqrs-test-walks:[*]$"    = ["states:StopExecution"]                                                                                # named by holder
            } : can(regex(pattern, resource)) && length(setsubtract(statement.Action, actions)) == 0
          ]) if strcontains(resource, "*")
        ]
      ]
    ]))
    error_message = "A function may use more than it names: say which (*), or add the kind of name to this list with the reason."
  }

  # What answers queries only reads.
  assert {
    condition = alltrue([
      for folder in toset([for route, entry in module.nouns.routes : entry.function if startswith(route, "GET ") || route == "$default"]) :
      length(setsubtract(flatten(module.functions[folder].statements[*].Action), [
        "dynamodb:BatchGetItem",
        "dynamodb:GetItem",
        "dynamodb:Query",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "sts:AssumeRole", # see below
        "xray:PutTelemetryRecords",
        "xray:PutTraceSegments",
      ])) == 0
    ])
    error_message = "A function that answers queries may do more than read."
  }

  assert {
    condition = {
      for folder, function in module.functions : folder => flatten([
        for statement in function.statements : statement.Resource if contains(statement.Action, "sts:AssumeRole")
      ]) if strcontains(jsonencode(function.statements), "sts:")
      } == {
      for folder, function in module.nouns.functions :
      folder => ["arn:aws:iam::123456789012:role/${function.indexes ? "writes" : "reads"}-search"] if function.searches
    }
    error_message = "A function that only searches may write in the search, or another may use the search at all."
  }

  # What decides reaches its own service.
  assert {
    condition = alltrue(flatten([
      for service, store in module.events : [
        for statement in module.functions["${service}_commands"].statements :
        length(setsubtract(statement.Resource, concat([store.table_arn], try([module.guards[service].table_arn], [])))) == 0
        if !can(regex("^(logs|xray):", join(" ", statement.Action)))
      ]
    ]))
    error_message = "A command function may use something else than the events and guards of its own service."
  }

  assert {
    condition = {
      for folder, function in module.functions : folder => flatten([
        for statement in function.statements : statement.Resource if contains(statement.Action, "kinesis:PutRecords")
      ]) if strcontains(jsonencode(function.statements), "kinesis:Put")
    } == { event_publisher = ["arn:aws:kinesis:eu-west-1:123456789012:stream/${module.event_stream.name}"] }
    error_message = "Others than the publisher may put events on the stream, or it can't."
  }

  # Batches that were given up: who is fed leaves them, the recoverer takes them up.
  assert {
    condition = {
      for action in ["DeleteObject", "GetObject", "PutObject"] :
      action => [for folder, function in module.functions : folder if strcontains(jsonencode(function.statements), "s3:${action}")]
      } == {
      DeleteObject = ["recoverer"]
      GetObject    = ["recoverer"]
      PutObject    = [for folder in sort(concat(["event_publisher"], keys(module.nouns.followers))) : folder]
    }
    error_message = "Others than those whom streams feed leave batches, or others than the recoverer take them."
  }

  assert {
    condition = (
      [for folder, function in module.functions : folder if strcontains(jsonencode(function.statements), "lambda:")]
      == [for folder, function in module.nouns.functions : folder if length(function.commands) > 0]
    )
    error_message = "Others may invoke functions than those that keep a process, or one of them can't."
  }

  assert {
    condition = alltrue([
      for function in module.functions : [
        for statement in function.statements : [statement.Action, statement.Resource] if strcontains(jsonencode(statement), "logs:")
      ] == [[["logs:CreateLogStream", "logs:PutLogEvents"], ["arn:aws:logs:eu-west-1:123456789012:log-group:some-group:*"]]]
    ])
    error_message = "A function may not write its log, or do more with it."
  }

  # The roles of Scheduler and Step Functions.
  assert {
    condition = alltrue([
      for policy in concat(values(aws_iam_role_policy.deadlines), [aws_iam_role_policy.schedules, aws_iam_role_policy.walks]) :
      alltrue([
        for statement in jsondecode(policy.policy).Statement :
        statement.Action == "lambda:InvokeFunction" && !strcontains(jsonencode(statement.Resource), "*")
      ])
    ])
    error_message = "The clock or a walk may do more than invoke functions that are named."
  }
}
