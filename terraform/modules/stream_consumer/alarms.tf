resource "aws_cloudwatch_metric_alarm" "behind" {
  alarm_name        = "${var.name}-behind"
  alarm_description = "${var.function_name} has been more than ${var.behind_seconds} seconds behind a stream for five minutes. Its views are outdated, no data is lost. Look at its errors and its duration."

  namespace           = "AWS/Lambda"
  metric_name         = "IteratorAge"
  dimensions          = { FunctionName = var.function_name }
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.behind_seconds * 1000
  treat_missing_data  = "notBreaching" # no data means no records

  alarm_actions = var.alarm_topic_arns
  ok_actions    = var.alarm_topic_arns
}

resource "aws_cloudwatch_metric_alarm" "expiring" {
  alarm_name        = "${var.name}-expiring"
  alarm_description = "${var.function_name} is ${local.expiring_hours} hours behind a stream. After ${floor(var.maximum_age_seconds / 3600)} hours its records go to the failures bucket and wait for the recoverer. Repair it before that."

  namespace           = "AWS/Lambda"
  metric_name         = "IteratorAge"
  dimensions          = { FunctionName = var.function_name }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = local.expiring_hours * 3600 * 1000
  treat_missing_data  = "notBreaching"

  alarm_actions = var.alarm_topic_arns
  ok_actions    = var.alarm_topic_arns
}

locals {
  expiring_hours = max(1, floor(var.maximum_age_seconds / 3600 / 4))
}
