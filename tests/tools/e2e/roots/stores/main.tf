# Two stores and something that is not one, as the real root has them.
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

variable "protected" {
  default = false
}

variable "package" {
  default = ""
}

module "events" {
  source   = "./modules/table"
  for_each = toset(["orders"])

  name      = "${var.name}-${var.environment}-${each.key}-events"
  protected = var.protected
}

module "failures" {
  source = "./modules/bucket"

  name      = "${var.name}-${var.environment}-failures-${var.account_id}"
  protected = var.protected
}

resource "aws_s3_object" "package" {
  for_each = toset(var.package == "" ? [] : [var.package])

  bucket = module.failures.name
  key    = "layer/${filesha256(each.key)}.zip"
  source = each.key
}

resource "aws_cloudwatch_log_group" "this" {
  name = "/aws/lambda/${var.name}-${var.environment}-projector"
}
