# What AWS would answer. The provider checks that ARNs look like ARNs, also in tests.
mock_data "aws_caller_identity" {
  defaults = { account_id = "123456789012" }
}

mock_data "aws_partition" {
  defaults = { partition = "aws" }
}

mock_data "aws_region" {
  defaults = { id = "eu-west-1" }
}

# Their own ARNs are left to chance: so every table has another one, and it shows which of them a policy names.
mock_resource "aws_dynamodb_table" {
  defaults = { stream_arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/some-table/stream/2026-01-01T00:00:00.000" }
}

mock_resource "aws_kinesis_stream" {
  defaults = { arn = "arn:aws:kinesis:eu-west-1:123456789012:stream/some-stream" }
}

mock_resource "aws_s3_bucket" {
  defaults = { arn = "arn:aws:s3:::some-bucket" }
}

mock_resource "aws_iam_role" {
  defaults = { arn = "arn:aws:iam::123456789012:role/some-role" }
}

mock_resource "aws_cloudwatch_log_group" {
  defaults = { arn = "arn:aws:logs:eu-west-1:123456789012:log-group:some-group" }
}

mock_resource "aws_lambda_layer_version" {
  defaults = { arn = "arn:aws:lambda:eu-west-1:123456789012:layer:some-layer:1" }
}

mock_resource "aws_lambda_function" {
  defaults = {
    arn     = "arn:aws:lambda:eu-west-1:123456789012:function:some-function"
    version = "8"
  }
}

mock_resource "aws_lambda_alias" {
  defaults = {
    arn        = "arn:aws:lambda:eu-west-1:123456789012:function:some-function:live"
    invoke_arn = "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-west-1:123456789012:function:some-function:live/invocations"
  }
}

mock_resource "aws_apigatewayv2_api" {
  defaults = {
    api_endpoint  = "https://someapi.execute-api.eu-west-1.amazonaws.com"
    execution_arn = "arn:aws:execute-api:eu-west-1:123456789012:someapi"
  }
}

mock_resource "aws_opensearch_domain" {
  defaults = {
    arn      = "arn:aws:es:eu-west-1:123456789012:domain/some-domain"
    endpoint = "some-domain.eu-west-1.es.amazonaws.com"
  }
}

mock_resource "aws_opensearchserverless_collection" {
  defaults = {
    arn                 = "arn:aws:aoss:eu-west-1:123456789012:collection/some"
    collection_endpoint = "https://some.eu-west-1.aoss.amazonaws.com"
  }
}

mock_resource "aws_cognito_user_pool" {
  defaults = { id = "eu-west-1_SomePool1", endpoint = "cognito-idp.eu-west-1.amazonaws.com/eu-west-1_SomePool1" }
}
