# The alarms. Those on the lag of streams are in modules/stream_consumer.

locals {
  parked_alarms = merge(flatten([
    for follower, said in module.nouns.followers : [
      for view in said.keeps : {
        for service in [follower, "sweeper"] : "${view}-parked-by-${service}" => {
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

  sweep_alarms = {
    for service in keys(module.nouns.services) : "sweep-of-${service}" => {
      metric      = "SweepErrors"
      dimensions  = { service = "sweeper", part = service }
      description = "The sweep of the event store of ${service} failed. Commits whose messages were lost are not found until it works again; see the sweeper's log."
    }
  }

  view_alarms = {
    for view in keys(module.nouns.views) : "sweep-of-${view}" => {
      metric      = "SweepErrors"
      dimensions  = { service = "sweeper", part = view }
      description = "The sweeper could not reach the table or index of ${view}. Until it can, commits whose messages were lost wait, and a new view is not filled; see the sweeper's log."
    }
  }

  delivery_alarms = {
    for process in keys(module.nouns.processes) : "delivery-of-${process}" => {
      metric      = "SweepErrors"
      dimensions  = { service = "sweeper", part = process }
      description = "The sweeper could not reach the table of ${process}, or look for waiting commands in it. Until it can, commands that were not delivered at once wait; see the sweeper's log."
    }
  }

  alarms = merge(local.parked_alarms, local.unreadable_alarms, local.sweep_alarms, local.view_alarms, local.delivery_alarms, local.undelivered_alarms, local.error_alarms, {
    unreadable-commits = {
      metric      = "UnreadableRecords"
      dimensions  = { service = "event_publisher" }
      description = "The publisher skipped an item of an event store that is not a commit. Find out who writes to the store."
    }
    sweep-of-failures = {
      metric      = "SweepErrors"
      dimensions  = { service = "sweeper", part = "given_up" }
      description = "The sweeper could not process the batches that stream mappings gave up on; see its log."
    }
  })

  # An undelivered command is sent again every minute, so a single failure raises no alarm.
  undelivered_alarms = {
    for process in keys(module.nouns.processes) : "${process}-undelivered" => {
      metric         = "Undelivered"
      dimensions     = { service = "sweeper", view = process }
      description    = "For a quarter of an hour ${process} has had commands that their receiver did not accept; see docs/runbook.md (`waiting`). The sweeper's log has the commands and the errors."
      periods        = 3
      ends_by_itself = true
    }
  }

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
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = try(each.value.periods, 1)
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"

  alarm_actions = var.alarm_topic_arns
  ok_actions    = try(each.value.ends_by_itself, false) ? var.alarm_topic_arns : null # most alarms need an operator
}
