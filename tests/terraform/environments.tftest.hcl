# What differs between environments, tested with their own settings.

mock_provider "aws" {
  source = "./mocks"
}

run "dev" {
  module {
    source = "./settings"
  }

  variables {
    environment = "dev"
  }

  assert {
    condition     = length(output.unknown) == 0
    error_message = "tests/terraform/settings does not pass on: ${join(", ", output.unknown)}."
  }
}

run "prod" {
  module {
    source = "./settings"
  }

  variables {
    environment = "prod"
  }

  assert {
    condition     = length(output.unknown) == 0
    error_message = "tests/terraform/settings does not pass on: ${join(", ", output.unknown)}."
  }
}

run "local" {
  module {
    source = "./settings"
  }

  variables {
    environment = "local"
  }

  assert {
    condition     = length(output.unknown) == 0
    error_message = "tests/terraform/settings does not pass on: ${join(", ", output.unknown)}."
  }
}

run "in_prod_what_cannot_be_built_again_is_guarded" {
  module {
    source = "../../terraform"
  }

  variables {
    environment               = run.prod.all.environment
    region                    = run.prod.all.region
    emulated                  = run.prod.all.emulated
    local_api_id              = run.prod.all.local_api_id
    protect_data              = run.prod.all.protect_data
    stream_shards             = run.prod.all.stream_shards
    stream_retention_hours    = run.prod.all.stream_retention_hours
    log_level                 = run.prod.all.log_level
    log_retention_days        = run.prod.all.log_retention_days
    throttling                = run.prod.all.throttling
    checkout_deadline_seconds = run.prod.all.checkout_deadline_seconds
    sweep_schedule            = run.prod.all.sweep_schedule
    alarm_topic_arns          = run.prod.all.alarm_topic_arns
    search                    = run.prod.all.search
  }

  assert {
    condition = alltrue([
      for store in [
        module.customers_events, module.customers_guards, module.inventory_events, module.inventory_guards,
        module.orders_events, module.payments_events, module.checkout, module.payment_gateway,
      ] : store.protection.point_in_time_recovery && store.protection.deletion_protection
    ])
    error_message = "A store of events, of guards or of a process can be deleted, or can't be restored to a point in time."
  }

  assert {
    condition = alltrue([
      for view in [module.order_history, module.customer_lookups, module.product_lookups, module.placed_orders, module.sales] :
      view.protection.deletion_protection
    ])
    error_message = "A view can be deleted, and is not rebuilt in a moment."
  }

  assert {
    condition     = !module.failures.force_destroy
    error_message = "Records that wait for the sweep can be destroyed with their bucket."
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

  assert {
    condition     = keys(module.publishing.mappings) == ["customers", "inventory", "orders", "payments"]
    error_message = "What a service stores is not published."
  }

  assert {
    condition = {
      for function, follower in module.following : function => keys(follower.mappings)
      } == {
      checkout_process     = ["events"]
      orders_projector     = ["orders"]
      payments_gateway     = ["events"]
      storefront_indexer   = ["events"]
      storefront_projector = ["events"]
    }
    error_message = "A function follows another stream than its own."
  }

  # The search is the business of those who index and search, and of the sweeper, who fills it.
  assert {
    condition = (
      jsondecode(module.search.trust_json).Statement[0].Condition.ArnEquals["aws:PrincipalArn"]
      == [for name in ["storefront_indexer", "storefront_search", "sweeper"] : "arn:aws:iam::123456789012:role/${module.functions[name].role_name}"]
    )
    error_message = "Others may use the search than those who should, or not all of them."
  }

  assert {
    condition = [
      for folder, function in module.functions : folder
      if anytrue([for json in values(function.policy_jsons) : strcontains(json, "sts:AssumeRole")])
    ] == ["storefront_indexer", "storefront_search", "sweeper"]
    error_message = "A function may not take on the role of the search, or may and should not."
  }

  assert {
    condition = alltrue([
      for folder in ["storefront_indexer", "storefront_search", "sweeper"] : (
        module.functions[folder].environment.SEARCH_URL == "https://some-domain.eu-west-1.es.amazonaws.com"
        && module.functions[folder].environment.SEARCH_SERVICE == "es"
        && module.functions[folder].environment.SEARCH_ROLE == module.search.role_arn
        && module.functions[folder].environment.SEARCH_PREFIX == "cqrs-prod"
      )
    ])
    error_message = "A function looks for the search elsewhere, or signs as somebody else."
  }

  assert {
    condition     = aws_scheduler_schedule.this["filling"].target[0].input == jsonencode({ fill = "search" })
    error_message = "A search index that is new stays empty."
  }

  assert {
    condition     = module.functions["storefront_composition"].environment.SERVICES_URL == module.api.url
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

run "dev_can_be_thrown_away" {
  command = plan

  module {
    source = "../../terraform"
  }

  variables {
    environment               = run.dev.all.environment
    region                    = run.dev.all.region
    emulated                  = run.dev.all.emulated
    local_api_id              = run.dev.all.local_api_id
    protect_data              = run.dev.all.protect_data
    stream_shards             = run.dev.all.stream_shards
    stream_retention_hours    = run.dev.all.stream_retention_hours
    log_level                 = run.dev.all.log_level
    log_retention_days        = run.dev.all.log_retention_days
    throttling                = run.dev.all.throttling
    checkout_deadline_seconds = run.dev.all.checkout_deadline_seconds
    sweep_schedule            = run.dev.all.sweep_schedule
    alarm_topic_arns          = run.dev.all.alarm_topic_arns
    search                    = run.dev.all.search
  }

  assert {
    condition = module.failures.force_destroy && !anytrue(flatten([
      for store in [
        module.customers_events, module.customers_guards, module.inventory_events, module.inventory_guards,
        module.orders_events, module.payments_events, module.checkout, module.payment_gateway,
        module.order_history, module.customer_lookups, module.product_lookups, module.placed_orders, module.sales,
      ] : [store.protection.point_in_time_recovery, store.protection.deletion_protection]
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
    environment               = run.local.all.environment
    region                    = run.local.all.region
    emulated                  = run.local.all.emulated
    local_api_id              = run.local.all.local_api_id
    protect_data              = run.local.all.protect_data
    stream_shards             = run.local.all.stream_shards
    stream_retention_hours    = run.local.all.stream_retention_hours
    log_level                 = run.local.all.log_level
    log_retention_days        = run.local.all.log_retention_days
    throttling                = run.local.all.throttling
    checkout_deadline_seconds = run.local.all.checkout_deadline_seconds
    sweep_schedule            = run.local.all.sweep_schedule
    alarm_topic_arns          = run.local.all.alarm_topic_arns
    search                    = run.local.all.search
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
}
