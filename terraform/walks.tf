# The machine that walks over the event stores (docs/adr/0022-walks.md): a leg is a segment of a store, and is
# walked step by step until it is done.

resource "aws_sfn_state_machine" "walks" {
  name     = local.walks_name
  role_arn = aws_iam_role.walks.arn

  definition = jsonencode({
    Comment        = "Walks all legs of a walk, some at a time, then ends it."
    StartAt        = "Wait"
    TimeoutSeconds = 86400

    States = {
      # Until every follower keeps a generation that was just made.
      Wait = {
        Type        = "Wait"
        SecondsPath = "$.wait_seconds"
        Next        = "Legs"
      }

      Legs = {
        Type           = "Map"
        ItemsPath      = "$.legs"
        MaxConcurrency = local.walks_at_once
        ResultPath     = "$.legs"
        Next           = "End"

        ItemProcessor = {
          ProcessorConfig = { Mode = "INLINE" }
          StartAt         = "Step"

          States = {
            # One that was killed, or has failed, is taken again: it goes on where it was.
            Step = {
              Type       = "Task"
              Resource   = local.aliases["walker"].arn
              Parameters = { "step.$" = "$" }
              Retry      = [merge({ ErrorEquals = ["States.ALL"] }, local.walks_retry)]
              Catch      = [{ ErrorEquals = ["States.ALL"], ResultPath = "$.gave_up", Next = "GaveUp" }]
              Next       = "IsDone"
            }
            IsDone = {
              Type    = "Choice"
              Choices = [{ Variable = "$.more", BooleanEquals = true, Next = "Step" }]
              Default = "Done"
            }
            Done = { Type = "Succeed" }

            # The other legs go on. What went wrong is in the walker's log: all of it could be too long here.
            GaveUp = { Type = "Pass", Result = { gave_up = true }, End = true }
          }
        }
      }

      # Goes on in another execution if that is not all.
      End = {
        Type       = "Task"
        Resource   = local.aliases["walker"].arn
        Parameters = { end = { "ticket.$" = "$.ticket", "legs.$" = "$.legs" } }
        Retry      = [merge({ ErrorEquals = ["States.ALL"] }, local.walks_retry)]
        End        = true
      }
    }
  })
}

resource "aws_iam_role" "walks" {
  name        = local.walks_name
  description = "Lets walks invoke the walker."

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "states.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = local.account_id } }
    }]
  })
}

resource "aws_iam_role_policy" "walks" {
  name = "invoke-walker"
  role = aws_iam_role.walks.name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = "lambda:InvokeFunction"
      Resource = local.aliases["walker"].arn
    }]
  })
}

locals {
  walks_name = "${local.prefix}-walks" # at most 55 of the 64 characters that IAM allows, of 80 of Step Functions

  # The walker starts the machine that invokes it. Taken from the machine itself, its name would be a cycle.
  walks_machine_arn = "arn:${local.partition}:states:${local.in_account}:stateMachine:${local.walks_name}"

  walks_at_once = var.emulated ? 2 : var.walks.at_once # a function has few processes there
  walks_retry   = { IntervalSeconds = 2, BackoffRate = 2, MaxDelaySeconds = 60, MaxAttempts = 10 }

  run_walks_policy_json = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = "states:StartExecution"
        Resource = local.walks_machine_arn
      },
      {
        Effect   = "Allow"
        Action   = "states:StopExecution"
        Resource = "${replace(local.walks_machine_arn, ":stateMachine:", ":execution:")}:*"
      },
    ]
  })
}
