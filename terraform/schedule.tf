# What happens by the clock.

resource "aws_scheduler_schedule" "sweep" {
  name                = local.sweep_name
  description         = "Lets the sweeper find what the streams have missed."
  schedule_expression = var.sweep_schedule

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = module.functions["sweeper"].arn
    role_arn = aws_iam_role.sweep_schedule.arn
    input    = jsonencode({})

    # The next sweep finds what this one didn't.
    retry_policy {
      maximum_retry_attempts = 0
    }
  }
}

# The schedule only hands the event over; Lambda itself would try it twice more.
resource "aws_lambda_function_event_invoke_config" "sweeper" {
  function_name                = module.functions["sweeper"].name
  maximum_retry_attempts       = 0
  maximum_event_age_in_seconds = 60
}

resource "aws_iam_role" "sweep_schedule" {
  name        = local.sweep_name
  description = "Lets the schedule invoke the sweeper."

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "scheduler.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.current.account_id } }
    }]
  })
}

resource "aws_iam_role_policy" "sweep_schedule" {
  name = "invoke-sweeper"
  role = aws_iam_role.sweep_schedule.name

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
  sweep_name = "${local.prefix}-sweep" # at most 55 of the 64 characters that Scheduler and IAM allow
}
