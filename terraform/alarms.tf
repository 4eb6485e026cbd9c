# What a person has to look at. How late the streams are is watched where they are delivered.

locals {
  parked_alarms = merge(flatten([
    for follower, said in module.nouns.followers : [
      for view in said.keeps : {
        for service in [follower, "sweeper"] : "${view}-parked-by-${service}" => {
          metric      = "Parked"
          dimensions  = { service = service, view = view }
          description = "${service} met a commit that it could not apply to ${view}, and parked its stream there. Everything else goes on. `parked` and `redrive` in docs/runbook.md."
        }
      }
    ]
  ])...)

  unreadable_alarms = {
    for follower in keys(module.nouns.followers) : "unreadable-records-of-${follower}" => {
      metric      = "UnreadableRecords"
      dimensions  = { service = follower }
      description = "${follower} let go of a record that is not one of ours. The store has what it was about; find out who writes to the event stream."
    }
  }

  sweep_alarms = {
    for service in keys(module.nouns.services) : "sweep-of-${service}" => {
      metric      = "SweepErrors"
      dimensions  = { service = "sweeper", part = service }
      description = "The walk over the events of ${service} failed. What no message told is not found until it works again; see the sweeper's log."
    }
  }

  view_alarms = {
    for view in keys(module.nouns.views) : "sweep-of-${view}" => {
      metric      = "SweepErrors"
      dimensions  = { service = "sweeper", part = view }
      description = "The sweeper could not reach what holds ${view}. What no message told it waits, and a search index that is new stays empty, until that works again; see the sweeper's log."
    }
  }

  delivery_alarms = {
    for process in keys(module.nouns.processes) : "delivery-of-${process}" => {
      metric      = "SweepErrors"
      dimensions  = { service = "sweeper", part = process }
      description = "The sweeper could not reach what holds ${process}, or look for what it has to send. What was not delivered at once waits until that works again; see the sweeper's log."
    }
  }

  alarms = merge(local.parked_alarms, local.unreadable_alarms, local.sweep_alarms, local.view_alarms, local.delivery_alarms, local.undelivered_alarms, local.error_alarms, {
    unreadable-commits = {
      metric      = "UnreadableRecords"
      dimensions  = { service = "event_publisher" }
      description = "The publisher let go of an item of an event store that is not a commit. Find out who writes to the store."
    }
    sweep-of-failures = {
      metric      = "SweepErrors"
      dimensions  = { service = "sweeper", part = "given_up" }
      description = "The sweeper could not take up what the stream mappings gave up on; see its log."
    }
  })

  # What could not be delivered is tried again every minute, so once is no matter.
  undelivered_alarms = {
    for process in keys(module.nouns.processes) : "${process}-undelivered" => {
      metric         = "Undelivered"
      dimensions     = { service = "sweeper", view = process }
      description    = "For a quarter of an hour ${process} has had something to send that nobody took, and what depends on it waits. The sweeper's log says what it is and why."
      periods        = 3
      ends_by_itself = true
    }
  }

  # Whatever the code does about errors, here is what it can do nothing about: a function that ends with
  # one, is timed out, or can't start.
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
  for_each = local.alarms

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
  ok_actions    = try(each.value.ends_by_itself, false) ? var.alarm_topic_arns : null # most of it does not
}
