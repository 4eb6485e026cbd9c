# Each change of code, layer or environment is published as a version. Nothing invokes `$LATEST`, which changes bit
# by bit; an alias of the root names the version that is live.
resource "aws_lambda_function" "this" {
  function_name = module.short.name
  description   = var.description
  role          = aws_iam_role.this.arn

  s3_bucket     = var.package.bucket
  s3_key        = var.package.key
  layers        = var.layer_arns
  handler       = "handler.handler"
  runtime       = "python3.13"
  architectures = ["arm64"]

  publish = true

  memory_size = var.memory_megabytes
  timeout     = var.timeout_seconds

  environment {
    variables = var.environment
  }

  tracing_config {
    mode = var.traced ? "Active" : "PassThrough"
  }

  dynamic "snap_start" {
    for_each = var.snap_start ? [true] : []

    content {
      apply_on = "PublishedVersions"
    }
  }

  # JSON, and no START, END and REPORT lines: logs cost more than the compute.
  logging_config {
    log_group             = aws_cloudwatch_log_group.this.name
    log_format            = "JSON"
    application_log_level = var.log_level
    system_log_level      = "WARN"
  }
}

# Created here, as Lambda would create it without retention.
resource "aws_cloudwatch_log_group" "this" {
  name              = "/aws/lambda/${module.short.name}"
  retention_in_days = var.log_retention_days
}

module "short" {
  source = "../short_name"

  name       = var.name
  max_length = 64 # of Lambda and of IAM
}
