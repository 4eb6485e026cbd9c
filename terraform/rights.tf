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
        SEARCH_ROLE    = module.search.role_arn
        SEARCH_PREFIX  = local.prefix
      },

      !function.publishes ? {} : {
        EVENT_STREAM = module.event_stream.name
      },

      !function.sweeps ? {} : {
        BOOKMARKS_TABLE = aws_dynamodb_table.bookmarks.name
        FAILURES_BUCKET = module.failures.name
      },

      # All routes, to distinguish 404 (no such path) from 405 (no such method).
      name != lookup(module.nouns.routes, "$default", null) ? {} : {
        ROUTES = join(",", [for route in keys(module.nouns.routes) : route if route != "$default"])
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
      !function.searches ? {} : module.search.use_policy_jsons,

      # Lambda polls a stream, and stores batches that it gives up on, with the function's role.
      !contains(keys(module.nouns.followers), name) ? {} : { put-failures = module.failures.put_policy_json },
      !contains(keys(module.nouns.followers), name) || length(function.fed_by) > 0 ? {} : { consume = module.event_stream.consume_policy_json },
      { for service in function.fed_by : "consume-${service}" => module.events[service].publish_policy_json },

      !function.publishes ? {} : merge(
        { for service, store in module.events : "consume-${service}" => store.publish_policy_json },
        { publish = module.event_stream.publish_policy_json, put-failures = module.failures.put_policy_json },
      ),

      # In the tables of processes the sweeper looks for parked streams and waiting commands, so it may query all their lists.
      !function.sweeps ? {} : merge(
        { for service, store in module.events : "walk-${service}" => store.walk_policy_json },
        { for view, table in merge(module.rows, module.tallies) : "parked-${view}" => table.parked_policy_json },
        { for process, table in module.processes : "query-${process}" => table.query_policy_json },
        { keep-bookmarks = local.bookmarks_policy_json, take-failures = module.failures.take_policy_json },
      ),
    )
  }
}
