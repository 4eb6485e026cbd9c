resource "aws_lambda_layer_version" "this" {
  layer_name  = var.name
  description = "The library, the domain, and the packages they need."
  s3_bucket   = var.package.bucket
  s3_key      = var.package.key

  compatible_runtimes      = ["python3.13"]
  compatible_architectures = ["arm64"]

  # The old version is deleted once no function uses it.
  lifecycle {
    create_before_destroy = true
  }
}
