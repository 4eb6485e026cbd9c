# Uploads the packages that `make package` has built. (From local files the provider creates one function
# after the other, five seconds each; from a bucket it creates all of them at once.)

module "packages" {
  source = "./modules/private_bucket"

  name          = "${local.prefix}-packages-${local.account_id}"
  https_only    = !var.emulated
  force_destroy = true
}

resource "aws_s3_object" "package" {
  for_each = local.packages

  bucket = module.packages.name
  key    = "${each.key}/${each.value.sha256}.zip"
  source = each.value.file

  # The old zip is deleted once no function uses it.
  lifecycle {
    create_before_destroy = true
  }
}

module "layer" {
  source = "./modules/layer"

  name    = "${local.prefix}-shared"
  package = local.uploaded_packages["layer"]
}

locals {
  packages_dir = coalesce(var.packages_dir, "${path.module}/../build/packages/aws")

  package_files = {
    for name in concat(["layer"], keys(module.nouns.functions)) : name => "${local.packages_dir}/${name}.zip"
  }

  missing_packages = [for name, file in local.package_files : name if !fileexists(file)]

  packages = {
    for name, file in local.package_files : name => {
      file   = file
      sha256 = fileexists(file) ? filesha256(file) : "missing"
    }
  }

  uploaded_packages = {
    for name, object in aws_s3_object.package : name => {
      bucket = object.bucket
      key    = object.key
    }
  }
}

resource "terraform_data" "packages_are_built" {
  lifecycle {
    precondition {
      condition     = length(local.missing_packages) == 0
      error_message = "Not built: ${join(", ", local.missing_packages)} (looked in ${local.packages_dir}). Run `make package` first."
    }
  }
}
