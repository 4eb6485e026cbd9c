# Two functions that become live one after the other, as terraform/live.tf has it.
terraform {
  backend "s3" {}

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }
}

provider "aws" {
  region              = var.region
  allowed_account_ids = [var.account_id]
  s3_use_path_style   = true
}

variable "name" {
  default = "cqrs"
}

variable "environment" {}
variable "account_id" {}
variable "region" {}

variable "code" {
  default = "1"
}

variable "is_cut_short" {
  description = "Whether the apply ends after the first wave, if that has a new version."
  type        = bool
  default     = false
}

variable "live_versions" {
  type    = map(string)
  default = {}
}

locals {
  prefix   = "${var.name}-${var.environment}"
  versions = { for name, function in aws_lambda_function.this : name => lookup(var.live_versions, name, function.version) }
}

resource "aws_s3_bucket" "this" {
  bucket = "${local.prefix}-packages"
}

resource "aws_s3_object" "this" {
  bucket         = aws_s3_bucket.this.bucket
  key            = "empty.zip"
  content_base64 = "UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA=="
}

resource "aws_iam_role" "this" {
  name               = local.prefix
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [] })
}

resource "aws_lambda_function" "this" {
  for_each = toset(["orders_queries", "orders_commands"])

  function_name = "${local.prefix}-${each.key}"
  role          = aws_iam_role.this.arn
  s3_bucket     = aws_s3_object.this.bucket
  s3_key        = aws_s3_object.this.key
  handler       = "code.handler"
  runtime       = "python3.13"
  publish       = true

  environment {
    variables = { CODE = var.code }
  }
}

resource "aws_lambda_alias" "queries" {
  for_each = toset(["orders_queries"])

  name             = "live"
  function_name    = aws_lambda_function.this[each.key].function_name
  function_version = local.versions[each.key]

  lifecycle {
    postcondition {
      condition     = !var.is_cut_short || self.function_version == "1"
      error_message = "Cut short."
    }
  }
}

resource "aws_lambda_alias" "commands" {
  for_each   = toset(["orders_commands"])
  depends_on = [aws_lambda_alias.queries]

  name             = "live"
  function_name    = aws_lambda_function.this[each.key].function_name
  function_version = local.versions[each.key]
}

resource "aws_dynamodb_table" "written" {
  name         = "${local.prefix}-written"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "what"

  attribute {
    name = "what"
    type = "S"
  }
}

output "api_url" {
  value = "https://api.example"
}

output "function_names" {
  value = { for name, function in aws_lambda_function.this : name => function.function_name }
}

output "live_versions" {
  value = { for name, alias in merge(aws_lambda_alias.queries, aws_lambda_alias.commands) : name => alias.function_version }
}

output "table_names" {
  value = { written = aws_dynamodb_table.written.name }
}
