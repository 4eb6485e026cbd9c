# The alarms. Those on the lag of streams are in modules/stream_consumer.

locals {
  parked_alarms = merge(flatten([
    for follower, said in module.nouns.followers : [
      for view in said.keeps : {
        for service in concat([follower], local.tending) : "${view}-parked-by-${service}" => {
          metric      = "Parked"
          dimensions  = { service = service, view = view }
          description = "${service} could not apply a commit to ${view}, and parked its stream there. Other streams go on. `parked` and `redrive` in docs/runbook.md."
        }
      }
    ]
  ])...)

  unreadable_alarms = {
    for follower in keys(module.nouns.followers) : "unreadable-records-of-${follower}" => {
      metric      = "UnreadableRecords"
      dimensions  = { service = follower }
      description = "${follower} skipped a record that it can't read. No commit is lost: they are in the event store. Find out who writes to the event stream."
    }
  }

  # What the functions that look after the others could not do. They have a metric for each view and process.
  part_alarms = merge([
    for service in ["walker", "recoverer"] : {
      for view in concat(keys(module.nouns.views), keys(module.nouns.processes)) : "${view}-failing-in-${service}" => {
        metric      = "PartErrors"
        dimensions  = { service = service, part = view }
        description = "The ${service} could not reach the table or index of ${view}, or ${view} failed. Until it can, commits whose messages were lost wait; see its log."
      }
    }
  ]...)

  delivery_alarms = {
    for process in keys(module.nouns.processes) : "delivery-of-${process}" => {
      metric      = "PartErrors"
      dimensions  = { service = "deliverer", part = process }
      description = "The deliverer could not reach the table of ${process}, or look for waiting commands in it. Until it can, commands that were not delivered at once wait; see its log."
    }
  }

  alarms = merge(local.parked_alarms, local.unreadable_alarms, local.part_alarms, local.delivery_alarms, local.undelivered_alarms, local.error_alarms, local.silence_alarms, {
    unreadable-commits = {
      metric      = "UnreadableRecords"
      dimensions  = { service = "event_publisher" }
      description = "The publisher skipped an item of an event store that is not a commit. Find out who writes to the store."
    }
    recovery-of-batches = {
      metric      = "PartErrors"
      dimensions  = { service = "recoverer", part = "given_up" }
      description = "The recoverer could not process the batches that stream mappings gave up on; see its log."
    }
    streams-set-aside = {
      metric      = "SetAside"
      dimensions  = { service = "walker" }
      description = "A stream has killed the walker several times, and was parked. Other streams go on. `Streams are set aside` in docs/runbook.md."
    }
    audit-too-old = {
      metric         = "AuditAge"
      dimensions     = { service = "walker" }
      statistic      = "Maximum"
      threshold      = 60 * (2 * var.audit_minutes + 60)
      description    = "The last audit that left out nothing began more than two intervals ago: commits whose messages were lost are not found. `walks` in docs/runbook.md."
      is_trouble     = true
      ends_by_itself = true
    }
  })

  # An undelivered command is sent again every minute, so a single failure raises no alarm.
  undelivered_alarms = {
    for process in keys(module.nouns.processes) : "${process}-undelivered" => {
      metric         = "Undelivered"
      dimensions     = { service = "deliverer", view = process }
      description    = "For a quarter of an hour ${process} has had commands that their receiver did not accept; see docs/runbook.md (`waiting`). The deliverer's log has the commands and the errors."
      periods        = 3
      ends_by_itself = true
    }
  }

  # The functions that must run every minute say that they have. Silence is trouble.
  silence_alarms = {
    for service in ["walker", "recoverer", "deliverer"] : "${service}-silent" => {
      metric         = "Done"
      dimensions     = { service = service }
      comparison     = "LessThanThreshold"
      threshold      = 1
      description    = "For ten minutes the ${service} has not done what it does every minute: it does not run, or fails. See its schedule and its log."
      periods        = 2
      is_trouble     = true
      ends_by_itself = true
    }
  }

  # Those that follow beside the followers.
  tending = ["operator", "recoverer", "walker"]

  # Errors that the code can't handle itself: a function that ends with
  # an error, is timed out, or can't start.
  error_alarms = {
    for folder, function in module.functions : "${folder}-errors" => {
      namespace      = "AWS/Lambda"
      metric         = "Errors"
      dimensions     = { FunctionName = function.name }
      description    = "${function.name} ended with an error or was timed out. See its log."
      ends_by_itself = true
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  # Not locally: nobody is called there, and the emulator shows half of an alarm only, which the provider would then
  # mend at every apply. That they are valid shows in `terraform test`.
  for_each = { for name, alarm in local.alarms : name => alarm if !var.emulated }

  alarm_name        = "${local.prefix}-${each.key}"
  alarm_description = each.value.description

  namespace           = try(each.value.namespace, local.prefix) # as POWERTOOLS_METRICS_NAMESPACE
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = try(each.value.statistic, "Sum")
  period              = 300
  evaluation_periods  = try(each.value.periods, 1)
  comparison_operator = try(each.value.comparison, "GreaterThanThreshold")
  threshold           = try(each.value.threshold, 0)
  treat_missing_data  = try(each.value.is_trouble, false) ? "breaching" : "notBreaching"

  alarm_actions = var.alarm_topic_arns
  ok_actions    = try(each.value.ends_by_itself, false) ? var.alarm_topic_arns : null # most alarms need an operator
}
