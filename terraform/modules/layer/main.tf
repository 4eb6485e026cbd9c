resource "aws_lambda_layer_version" "this" {
  layer_name       = var.name
  description      = "The library, the domain, and the packages they need."
  filename         = var.package
  source_code_hash = fileexists(var.package) ? filebase64sha256(var.package) : null

  compatible_runtimes      = ["python3.13"]
  compatible_architectures = ["arm64"]

  # The old version goes when no function uses it any more.
  lifecycle {
    create_before_destroy = true

    precondition {
      condition     = fileexists(var.package)
      error_message = "There is no ${basename(var.package)} in ${dirname(var.package)}: build the packages first, with `make package`."
    }
  }
}
