# The schedules.

resource "aws_scheduler_schedule" "this" {
  for_each = local.schedules

  name                = "${local.prefix}-${each.key}"
  description         = each.value.description
  schedule_expression = each.value.expression

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = module.functions["sweeper"].arn
    role_arn = aws_iam_role.schedules.arn
    input    = jsonencode(each.value.event)

    # No retries: the next run does what this one missed.
    retry_policy {
      maximum_retry_attempts = 0
    }
  }
}

# A schedule invokes asynchronously, and Lambda would try twice more.
resource "aws_lambda_function_event_invoke_config" "sweeper" {
  function_name                = module.functions["sweeper"].name
  maximum_retry_attempts       = 0
  maximum_event_age_in_seconds = 60
}

resource "aws_iam_role" "schedules" {
  name        = local.schedules_name
  description = "Lets the schedules invoke the sweeper."

  assume_role_policy = local.scheduler_trust_json
}

resource "aws_iam_role_policy" "schedules" {
  name = "invoke-sweeper"
  role = aws_iam_role.schedules.name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = "lambda:InvokeFunction"
      Resource = module.functions["sweeper"].arn
    }]
  })
}

locals {
  # Names of at most 58 of the 64 characters that Scheduler and IAM allow.
  schedules_name = "${local.prefix}-schedules"

  schedules = {
    sweep = {
      description = "Lets the sweeper find commits that followers missed."
      expression  = var.sweep_schedule
      event       = {}
    }
    delivery = {
      description = "Lets the sweeper deliver waiting commands of processes."
      expression  = "rate(1 minute)"
      event       = { deliver = "waiting" }
    }
    filling = {
      description = "Lets the sweeper fill a view that is new or was lost."
      expression  = "rate(1 minute)"
      event       = { fill = "views" }
    }
  }

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
