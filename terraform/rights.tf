# The environment variables and the policies of each function, both derived from its entry (modules/nouns).

locals {
  environments = {
    for name, function in module.nouns.functions : name => merge(
      { for service in toset(concat(function.appends, function.reads)) : "${upper(service)}_EVENTS_TABLE" => module.events[service].table_name },
      { for service in function.claims : "${upper(service)}_GUARDS_TABLE" => module.guards[service].table_name },
      { for table in toset(concat(function.keeps, function.queries)) : "${upper(table)}_TABLE" => local.tables[table].table_name },
      { for service in function.commands : "${upper(service)}_FUNCTION" => local.command_function_arns[service] },

      length(function.deadlines) == 0 ? {} : {
        DEADLINES_GROUP = aws_scheduler_schedule_group.deadlines.name
        DEADLINES_ROLE  = aws_iam_role.deadlines.arn
      },

      !function.searches ? {} : {
        SEARCH_URL     = module.search.url
        SEARCH_SERVICE = module.search.service
        SEARCH_ROLE    = module.search.role_arns[local.search_uses[name]]
        SEARCH_PREFIX  = local.prefix
      },

      !contains(module.nouns.of_views, name) ? {} : {
        GENERATIONS_TABLE = aws_dynamodb_table.generations.name
      },

      !function.publishes ? {} : {
        EVENT_STREAM  = module.event_stream.name
        WRITTEN_TABLE = aws_dynamodb_table.written.name
      },

      name != "walker" ? {} : {
        WALKS_TABLE   = aws_dynamodb_table.walks.name
        WALKS_MACHINE = local.walks_machine_arn
        WALKS_AT_ONCE = local.walks_at_once
        WALKS_UNITS   = var.walks.read_units_per_second
      },

      name != "recoverer" ? {} : {
        FAILURES_BUCKET = module.failures.name
      },

      # To whom its routes are open.
      length(local.roles[name]) == 0 ? {} : {
        ROLES        = jsonencode(local.roles[name])
        GROUPS_CLAIM = var.identity.groups_claim
      },

      # All routes, to distinguish 404 (no such path) from 405 (no such method), and whether preflights are let through.
      name != try(module.nouns.routes["$default"].function, null) ? {} : {
        ROUTES = join(",", concat(
          [for route in keys(module.nouns.routes) : route if route != "$default"],
          length(var.cors.origins) == 0 ? [] : ["OPTIONS *"],
        ))
      },

      function.settings,
    )
  }

  policies = {
    for name, function in module.nouns.functions : name => merge(
      { for service in function.appends : "append-${service}" => module.events[service].append_policy_json },
      { for service in function.claims : "claim-${service}" => module.guards[service].claim_policy_json },
      { for service in function.reads : "read-${service}" => module.events[service].read_policy_json },
      { for table in function.keeps : "write-${table}" => local.tables[table].write_policy_json },
      { for table in function.queries : "query-${table}" => local.tables[table].query_policy_json },
      { for service in function.commands : "command-${service}" => local.command_policy_jsons[service] },
      length(function.deadlines) == 0 ? {} : { set-deadlines = local.deadlines_policy_json },
      !function.searches ? {} : module.search.use_policy_jsons[local.search_uses[name]],
      !contains(module.nouns.of_views, name) ? {} : { generations = local.generations_policy_jsons[name == "walker" ? "change" : "read"] },

      # Lambda polls a stream, and stores batches that it gives up on, with the function's role.
      !contains(keys(module.nouns.followers), name) ? {} : { put-failures = module.failures.put_policy_json },
      !contains(keys(module.nouns.followers), name) || length(function.fed_by) > 0 ? {} : { consume = module.event_stream.consume_policy_json },
      { for service in function.fed_by : "consume-${service}" => module.events[service].publish_policy_json },

      !function.publishes ? {} : merge(
        { for service, store in module.events : "consume-${service}" => store.publish_policy_json },
        { publish = module.event_stream.publish_policy_json, note-written = local.written_policy_json, put-failures = module.failures.put_policy_json },
      ),

      # Of processes they find the waiting commands by a list, and the parked streams. The walker looks for neither.
      function.tends == null || name == "walker" ? {} : merge(
        { for view, table in merge(module.rows, module.tallies) : "parked-${view}" => table.parked_policy_json if function.tends == "all" },
        { for process, table in module.processes : "list-${process}" => table.list_policy_json },
      ),

      !contains(["operator", "walker"], name) ? {} : { for service, store in module.events : "walk-${service}" => store.walk_policy_json },
      name != "walker" ? {} : { for service, store in module.events : "measure-${service}" => store.measure_policy_json },
      name != "walker" ? {} : { for view, table in merge(module.rows, module.tallies) : "drop-${view}" => table.drop_policy_json },
      name != "walker" ? {} : { keep-walks = local.walks_policy_json, run-walks = local.run_walks_policy_json },
      name != "recoverer" ? {} : { take-failures = module.failures.take_policy_json },
    )
  }
}
