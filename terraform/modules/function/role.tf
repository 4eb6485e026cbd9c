# Every function has its own role, with only the policies it was given.
resource "aws_iam_role" "this" {
  name        = module.short.name
  description = "What ${module.short.name} may do."

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "lambda.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy" "this" {
  for_each = merge(
    { log = local.log_policy_json },
    var.traced ? { trace = local.trace_policy_json } : {},
    var.policies,
  )

  name   = each.key
  role   = aws_iam_role.this.name
  policy = each.value
}

locals {
  log_policy_json = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource = "${aws_cloudwatch_log_group.this.arn}:*"
    }]
  })

  trace_policy_json = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]
      Resource = "*" # X-Ray has no resources to name
    }]
  })
}
