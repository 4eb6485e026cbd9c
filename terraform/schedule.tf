# The schedules: functions that are invoked by the clock.

resource "aws_scheduler_schedule" "this" {
  for_each = local.schedules

  name                = "${local.prefix}-${each.key}"
  description         = each.value.description
  schedule_expression = each.value.minutes == 1 ? "rate(1 minute)" : "rate(${each.value.minutes} minutes)"

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = local.aliases[each.value.function].arn
    role_arn = aws_iam_role.schedules.arn
    input    = jsonencode(each.value.event)

    # No retries: the next run does what this one missed.
    retry_policy {
      maximum_retry_attempts = 0
    }
  }
}

# A schedule invokes asynchronously, and Lambda would try twice more.
resource "aws_lambda_function_event_invoke_config" "scheduled" {
  for_each = local.scheduled

  function_name                = local.aliases[each.key].function_name
  qualifier                    = local.aliases[each.key].name
  maximum_retry_attempts       = 0
  maximum_event_age_in_seconds = 60
}

resource "aws_iam_role" "schedules" {
  name        = local.schedules_name
  description = "Lets the schedules invoke their functions."

  assume_role_policy = local.scheduler_trust_json
}

resource "aws_iam_role_policy" "schedules" {
  name = "invoke-scheduled"
  role = aws_iam_role.schedules.name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = "lambda:InvokeFunction"
      Resource = [for function in local.scheduled : local.aliases[function].arn]
    }]
  })
}

locals {
  # Names of at most 58 of the 64 characters that Scheduler and IAM allow.
  schedules_name = "${local.prefix}-schedules"

  schedules = {
    audit = {
      description = "Lets the walker find commits that no message told of."
      function    = "walker"
      minutes     = var.audit_minutes
      event       = { start = "audit" }
    }
    walks = {
      description = "Lets the walker fill views that are new or were lost, and go on with walks that were cut short."
      function    = "walker"
      minutes     = 1
      event       = {}
    }
    recovery = {
      description = "Lets the recoverer take up what was left lying."
      function    = "recoverer"
      minutes     = 1
      event       = {}
    }
    delivery = {
      description = "Lets the deliverer send waiting commands of processes."
      function    = "deliverer"
      minutes     = 1
      event       = {}
    }
  }

  scheduled = toset([for schedule in local.schedules : schedule.function])

  # Only schedules of this account may use the roles.
  scheduler_trust_json = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "scheduler.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = local.account_id } }
    }]
  })
}
