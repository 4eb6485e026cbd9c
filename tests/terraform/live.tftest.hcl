# What is invoked is what is live, and new code becomes live in waves.

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

run "nothing_invokes_a_function_but_by_its_alias" {
  module {
    source = "../../terraform"
  }

  assert {
    condition = alltrue([
      for invoked in module.api.invoked : endswith(invoked.uri, ":live/invocations") && invoked.qualifier == "live"
    ])
    error_message = "The API invokes what is not live, or what it has no permission for."
  }

  assert {
    condition = alltrue(flatten([
      for consumer in concat([module.publishing], values(module.following)) : [
        for mapping in consumer.mappings : endswith(mapping.function, ":live")
      ]
    ]))
    error_message = "A stream feeds what is not live."
  }

  assert {
    condition     = alltrue([for schedule in aws_scheduler_schedule.this : endswith(schedule.target[0].arn, ":live")])
    error_message = "A schedule invokes what is not live."
  }

  assert {
    condition     = alltrue([for config in aws_lambda_function_event_invoke_config.scheduled : config.qualifier == "live"])
    error_message = "What a schedule starts would be tried again: the alias has no settings of its own."
  }

  assert {
    condition     = length(jsondecode(aws_sfn_state_machine.walks.definition).States) > 0 && alltrue([for arn in regexall("arn:aws:lambda:[^\"]*", aws_sfn_state_machine.walks.definition) : endswith(arn, ":live")])
    error_message = "A walk invokes what is not live."
  }

  # Roles may invoke aliases and nothing else: of functions, of Scheduler, of Step Functions.
  assert {
    condition = alltrue(flatten([
      for statement in concat(
        flatten(values(module.functions)[*].statements),
        flatten([
          for policy in concat(values(aws_iam_role_policy.deadlines), [aws_iam_role_policy.schedules, aws_iam_role_policy.walks]) :
          jsondecode(policy.policy).Statement
        ]),
      ) : [for arn in flatten([statement.Resource]) : endswith(arn, ":live")] if strcontains(jsonencode(statement.Action), "lambda:")
    ]))
    error_message = "A role may invoke what is not live."
  }

  assert {
    condition = alltrue(flatten([
      for function in module.functions : [for variable, value in function.environment : endswith(value, ":live") if endswith(variable, "_FUNCTION")]
    ]))
    error_message = "A process sends commands to what is not live."
  }
}

run "every_function_has_its_newest_version_live_and_is_in_one_wave" {
  command = apply

  module {
    source = "../../terraform"
  }

  assert {
    condition     = output.live_versions == { for name in keys(module.functions) : name => "8" }
    error_message = "A function has another version live than its newest, or none."
  }

  assert {
    condition     = sort(flatten(output.waves[*].functions)) == sort(keys(module.functions))
    error_message = "A function is in no wave, or in two."
  }

  assert {
    condition     = output.waves[*].wave == ["queries", "followers", "processes", "commands"]
    error_message = "Waves are told in another order than they come."
  }
}

run "a_version_that_is_asked_for_is_live_instead" {
  module {
    source = "../../terraform"
  }

  variables {
    live_versions = { walker = "7", a_function_that_is_gone = "3" }
  }

  assert {
    condition     = output.live_versions == { for name in keys(module.functions) : name => name == "walker" ? "7" : "8" }
    error_message = "A rollback lets another version be live than it names."
  }
}
