# Commands that are not sent by users: by processes, and at deadlines.

# A deadline is a one-time schedule that sends a command.
resource "aws_scheduler_schedule_group" "deadlines" {
  name = local.deadlines_name
}

resource "aws_iam_role" "deadlines" {
  name        = local.deadlines_name
  description = "Lets deadlines send commands to ${coalesce(join(", ", module.nouns.commanded_at_deadlines), "nobody")}."

  assume_role_policy = local.scheduler_trust_json
}

resource "aws_iam_role_policy" "deadlines" {
  for_each = module.nouns.commanded_at_deadlines

  name   = "command-${each.key}"
  role   = aws_iam_role.deadlines.name
  policy = local.command_policy_jsons[each.key]
}

locals {
  deadlines_name = "${local.prefix}-deadlines" # at most 59 of the 64 characters that Scheduler and IAM allow

  command_function_arns = {
    for service, function in module.nouns.commanded :
    service => "arn:${local.partition}:lambda:${local.in_account}:function:${module.named_functions[function].name}:${local.live}"
  }

  command_policy_jsons = {
    for service, arn in local.command_function_arns : service => jsonencode({
      Version = "2012-10-17"
      Statement = [{
        Effect   = "Allow"
        Action   = "lambda:InvokeFunction"
        Resource = arn
      }]
    })
  }

  deadlines_policy_json = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Action = "scheduler:CreateSchedule"
        Resource = [
          for group in concat([local.deadlines_name], local.groups_of_the_emulator) :
          "arn:${local.partition}:scheduler:${local.in_account}:schedule/${group}/*"
        ]
      },
      {
        Effect    = "Allow"
        Action    = "iam:PassRole"
        Resource  = aws_iam_role.deadlines.arn
        Condition = { StringEquals = { "iam:PassedToService" = "scheduler.amazonaws.com" } }
      },
    ]
  })

  # When the emulator checks permissions, it takes every schedule for one of the default group.
  groups_of_the_emulator = var.emulated ? ["default"] : []
}
