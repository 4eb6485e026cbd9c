resource "aws_cloudwatch_metric_alarm" "domain" {
  for_each = local.is_domain ? local.alarms : {}

  alarm_name        = "${var.name}-${each.key}"
  alarm_description = each.value.description

  namespace           = "AWS/ES"
  metric_name         = each.value.metric
  dimensions          = { DomainName = aws_opensearch_domain.this[0].domain_name, ClientId = data.aws_caller_identity.current.account_id }
  statistic           = each.value.statistic
  period              = 60
  evaluation_periods  = 5
  comparison_operator = each.value.comparison
  threshold           = each.value.threshold
  treat_missing_data  = "notBreaching"

  alarm_actions = var.alarm_topic_arns
  ok_actions    = var.alarm_topic_arns
}

locals {
  alarms = {
    red = {
      metric      = "ClusterStatus.red"
      statistic   = "Maximum"
      comparison  = "GreaterThanThreshold"
      threshold   = 0
      description = "A primary shard of ${var.name} is missing, and searches do not find its documents. If it does not come back, delete its index: it is filled again."
    }
    read-only = {
      metric      = "ClusterIndexWritesBlocked"
      statistic   = "Maximum"
      comparison  = "GreaterThanThreshold"
      threshold   = 0
      description = "${var.name} accepts no writes, as it lacks space or memory. Searches are outdated, no data is lost. Give it more of both."
    }
    filling-up = {
      metric      = "FreeStorageSpace"
      statistic   = "Minimum"
      comparison  = "LessThanThreshold"
      threshold   = coalesce(var.settings.volume_gigabytes, 0) * 1024 / 4 # megabytes
      description = "A node of ${var.name} has less than a quarter of its volume free. Enlarge `volume_gigabytes` before it stops accepting writes."
    }
  }
}
