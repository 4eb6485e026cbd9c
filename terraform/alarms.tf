# What a person has to look at. How late the streams are is watched where they are delivered.

locals {
  alarms = {
    parked-by-projector = {
      metric      = "Parked"
      dimensions  = { service = "storefront_projector", view = "order_history" }
      description = "The projector met a commit that it could not apply, and parked its stream. Everything else goes on. `parked` and `redrive` in docs/runbook.md."
    }
    parked-by-sweeper = {
      metric      = "Parked"
      dimensions  = { service = "sweeper", view = "order_history" }
      description = "The sweeper met a commit that it could not apply, and parked its stream. Everything else goes on. `parked` and `redrive` in docs/runbook.md."
    }
    unreadable-commits = {
      metric      = "UnreadableRecords"
      dimensions  = { service = "event_publisher" }
      description = "The publisher let go of an item of an event store that is not a commit. Find out who writes to the store."
    }
    unreadable-records = {
      metric      = "UnreadableRecords"
      dimensions  = { service = "storefront_projector" }
      description = "The projector let go of a record that is not one of ours. The store has what it was about; find out who writes to the event stream."
    }
    sweep-of-orders = {
      metric      = "SweepErrors"
      dimensions  = { service = "sweeper", part = "orders" }
      description = "The walk over the orders' events failed. What no message told is not found until it works again; see the sweeper's log."
    }
    sweep-of-failures = {
      metric      = "SweepErrors"
      dimensions  = { service = "sweeper", part = "given_up" }
      description = "The sweeper could not take up what the stream mappings gave up on; see its log."
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name        = "${local.prefix}-${each.key}"
  alarm_description = each.value.description

  namespace           = local.prefix # as POWERTOOLS_METRICS_NAMESPACE
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"

  # No `ok_actions`: what is counted here does not end by itself.
  alarm_actions = var.alarm_topic_arns
}

# Whatever the code does about errors, here is what it can do nothing about: a function that ends with
# one, is timed out, or can't start.
resource "aws_cloudwatch_metric_alarm" "errors" {
  for_each = module.functions

  alarm_name        = "${each.value.name}-errors"
  alarm_description = "${each.value.name} ended with an error or was timed out. See its log."

  namespace           = "AWS/Lambda"
  metric_name         = "Errors"
  dimensions          = { FunctionName = each.value.name }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"

  alarm_actions = var.alarm_topic_arns
  ok_actions    = var.alarm_topic_arns
}
