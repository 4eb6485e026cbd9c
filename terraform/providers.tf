# The address of a local AWS comes from AWS_ENDPOINT_URL, never from `endpoints {}`, so that the same
# configuration is tested and deployed.
provider "aws" {
  region              = var.region
  allowed_account_ids = var.account_id == null ? null : [var.account_id]

  default_tags {
    tags = {
      Application = var.name
      Environment = var.environment
      ManagedBy   = "terraform"
    }
  }

  # A local AWS has no metadata service and no DNS names for buckets. What it can't do should fail within
  # seconds: by default the provider retries 25 times.
  max_retries                 = var.emulated ? 2 : null
  s3_use_path_style           = var.emulated
  skip_credentials_validation = var.emulated
  skip_metadata_api_check     = var.emulated
  skip_region_validation      = var.emulated
}
