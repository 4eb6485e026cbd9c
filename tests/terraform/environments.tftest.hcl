# What differs between environments, tested with their own settings.

mock_provider "aws" {
  source = "./mocks"
}

run "settings" {
  module {
    source = "./settings"
  }

  assert {
    condition     = length(output.unknown) == 0
    error_message = "Not tested: ${join(", ", output.unknown)}. Add it to `names` in tests/terraform/settings/main.tf and to the runs below."
  }
}

run "in_prod_what_cannot_be_built_again_is_guarded" {
  module {
    source = "../../terraform"
  }

  variables {
    environment            = run.settings.of.prod.environment
    region                 = run.settings.of.prod.region
    emulated               = run.settings.of.prod.emulated
    protect_data           = run.settings.of.prod.protect_data
    stream_shards          = run.settings.of.prod.stream_shards
    stream_retention_hours = run.settings.of.prod.stream_retention_hours
    log_level              = run.settings.of.prod.log_level
    log_retention_days     = run.settings.of.prod.log_retention_days
    throttling             = run.settings.of.prod.throttling
    audit_minutes          = run.settings.of.prod.audit_minutes
    search                 = run.settings.of.prod.search
  }

  assert {
    condition = alltrue([
      for store in concat(values(module.events), values(module.guards), values(module.processes)) :
      store.protection.point_in_time_recovery && store.protection.deletion_protection
    ])
    error_message = "A store of events, of guards or of a process can be deleted, or can't be restored to a point in time."
  }

  assert {
    condition = aws_dynamodb_table.walks.deletion_protection_enabled && alltrue([
      for view in concat(values(module.rows), values(module.tallies)) : view.protection.deletion_protection
    ])
    error_message = "A view can be deleted, and is not rebuilt in a moment, or how far walks are."
  }

  assert {
    condition = (
      contains(keys(module.api.throttled), "GET /search/orders")
      && module.api.throttled == { for route, limit in run.settings.of.prod.throttling.routes : route => limit.requests_per_second }
    )
    error_message = "Searches take all the requests that the API lets through, or limits of routes do not reach it."
  }

  assert {
    condition     = module.failures.https_only && module.packages.https_only
    error_message = "Packages, or records that were given up, go over the wire in the clear."
  }

  assert {
    condition     = !module.failures.force_destroy
    error_message = "Records that were given up can be destroyed with their bucket."
  }

  # The rules of all mappings.
  assert {
    condition = alltrue(flatten([
      for consumer in concat([module.publishing], values(module.following)) : [
        for mapping in consumer.mappings :
        mapping.enabled
        && mapping.starting_position == "TRIM_HORIZON"
        && mapping.function_response == toset(["ReportBatchItemFailures"])
        && mapping.bisect
        && mapping.maximum_retry_attempts == -1
        && mapping.on_failure_arn == module.failures.arn
      ]
    ]))
    error_message = "A mapping starts late, forgets what the function said, gives up early, or gives up into nothing."
  }

  # A function is fed by the event stream, or by the tables of those whom it follows.
  assert {
    condition = alltrue([
      for function, follower in module.following :
      keys(follower.mappings) == ["events"] || length(setsubtract(keys(follower.mappings), module.nouns.functions[function].reads)) == 0
    ])
    error_message = "A function follows another stream than its own."
  }

  # The search is the business of those who are told of it, index and search: of them all and of no others.
  assert {
    condition = (
      toset(flatten([for trust in values(module.search.trust_jsons) : jsondecode(trust).Statement[0].Condition.ArnEquals["aws:PrincipalArn"]]))
      == toset([
        for function in module.functions : "arn:aws:iam::123456789012:role/${function.role_name}"
        if contains(keys(function.environment), "SEARCH_URL")
      ])
    )
    error_message = "The search lets in others than those who are told of it, or not all of them."
  }

  assert {
    condition = (
      [for folder, function in module.functions : folder if strcontains(jsonencode(function.statements), "sts:AssumeRole")]
      == [for folder, function in module.functions : folder if contains(keys(function.environment), "SEARCH_URL")]
    )
    error_message = "A function may not take on the role of the search, or may and should not."
  }

  assert {
    condition = alltrue([
      for folder, function in module.functions : (
        function.environment.SEARCH_URL == "https://some-domain.eu-west-1.es.amazonaws.com"
        && function.environment.SEARCH_SERVICE == "es"
        && contains(values(module.search.role_arns), function.environment.SEARCH_ROLE)
        && function.environment.SEARCH_PREFIX == "cqrs-prod"
      ) if contains(keys(function.environment), "SEARCH_URL")
    ])
    error_message = "A function looks for the search elsewhere, or signs as somebody else."
  }

  assert {
    condition = alltrue([
      for function in module.functions : lookup(function.environment, "SERVICES_URL", module.api.url) == module.api.url
    ])
    error_message = "The services are asked somewhere else than at the API."
  }

  assert {
    condition     = alltrue([for mapping in module.publishing.mappings : mapping.parallelization_factor == 1])
    error_message = "The publisher works on several batches of a shard at a time, and versions overtake each other."
  }

  assert {
    condition = alltrue(concat(
      [for mapping in module.publishing.mappings : mapping.maximum_age_seconds < 24 * 3600],
      flatten([
        for follower in module.following :
        [for stream, mapping in follower.mappings : mapping.maximum_age_seconds < (stream == "events" ? 168 : 24) * 3600]
      ]),
    ))
    error_message = "A stream forgets a record before its mapping gives it up, so it reaches no one."
  }
}

run "what_is_named_can_be_deleted_in_prod_and_keeps_its_backups" {
  command = plan

  module {
    source = "../../terraform"
  }

  variables {
    environment        = "prod"
    protect_data       = true
    unprotected        = ["orders_events", "failures", "user_pool"]
    log_retention_days = 14
    throttling         = { requests_per_second = 10, burst = 10 }
  }

  assert {
    condition     = [for service, store in module.events : service if !store.protection.deletion_protection] == ["orders"]
    error_message = "The store that was named stays protected, or others can be deleted with it."
  }

  assert {
    condition = module.failures.force_destroy && alltrue([
      for store in values(module.events) : store.protection.point_in_time_recovery
    ])
    error_message = "The bucket that was named stays protected, or backups end before the table does."
  }
}

run "a_name_that_nothing_has_is_refused" {
  command = plan

  module {
    source = "../../terraform"
  }

  variables {
    environment        = "prod"
    protect_data       = true
    unprotected        = ["order_events"]
    log_retention_days = 14
    throttling         = { requests_per_second = 10, burst = 10 }
  }

  expect_failures = [terraform_data.unprotected_is_known]
}

run "dev_can_be_thrown_away" {
  command = plan

  module {
    source = "../../terraform"
  }

  variables {
    environment            = run.settings.of.dev.environment
    region                 = run.settings.of.dev.region
    emulated               = run.settings.of.dev.emulated
    protect_data           = run.settings.of.dev.protect_data
    stream_shards          = run.settings.of.dev.stream_shards
    stream_retention_hours = run.settings.of.dev.stream_retention_hours
    log_level              = run.settings.of.dev.log_level
    log_retention_days     = run.settings.of.dev.log_retention_days
    throttling             = run.settings.of.dev.throttling
    audit_minutes          = run.settings.of.dev.audit_minutes
    search                 = run.settings.of.dev.search
  }

  assert {
    condition = module.failures.force_destroy && !aws_dynamodb_table.walks.deletion_protection_enabled && !anytrue(flatten([
      for stores in [module.events, module.guards, module.processes, module.rows, module.tallies] : [
        for store in stores : [store.protection.point_in_time_recovery, store.protection.deletion_protection]
      ]
    ]))
    error_message = "Something in dev stands in the way of `make destroy`."
  }
}

run "locally_the_projects_own_runner_polls_the_streams" {
  command = plan

  module {
    source = "../../terraform"
  }

  variables {
    environment            = run.settings.of.local.environment
    region                 = run.settings.of.local.region
    emulated               = run.settings.of.local.emulated
    protect_data           = run.settings.of.local.protect_data
    stream_shards          = run.settings.of.local.stream_shards
    stream_retention_hours = run.settings.of.local.stream_retention_hours
    log_level              = run.settings.of.local.log_level
    log_retention_days     = run.settings.of.local.log_retention_days
    throttling             = run.settings.of.local.throttling
    audit_minutes          = run.settings.of.local.audit_minutes
    search                 = run.settings.of.local.search
  }

  assert {
    condition = !anytrue(flatten([
      for consumer in concat([module.publishing], values(module.following)) :
      [for mapping in consumer.mappings : mapping.enabled]
    ]))
    error_message = "The emulator polls a stream, and loses what a function reports as failed."
  }

  assert {
    condition = alltrue(flatten([
      for consumer in concat([module.publishing], values(module.following)) :
      [for mapping in consumer.mappings : mapping.parallelization_factor == 1]
    ]))
    error_message = "The project's runner works on one batch of a shard at a time, and refuses a mapping that asks for more."
  }

  assert {
    condition     = !module.failures.https_only && !module.packages.https_only
    error_message = "A bucket of the local AWS refuses the only requests that it gets: by plain HTTP."
  }
}
