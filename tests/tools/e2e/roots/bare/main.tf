# Needs no provider, so that a deployment takes a second.
terraform {
  backend "s3" {}
}

variable "name" {
  default = "cqrs"
}

variable "environment" {}
variable "account_id" {}
variable "region" {}

variable "text" {
  default = "as it was"
}

variable "signals" {
  description = "Folder: the apply says in it that it runs, and waits to be told to go on."
  default     = ""
}

resource "terraform_data" "text" {
  input = var.text
}

resource "terraform_data" "waiting" {
  count = var.signals == "" ? 0 : 1

  provisioner "local-exec" {
    command = "echo $PPID > ${var.signals}/draft; mv ${var.signals}/draft ${var.signals}/running; until test -e ${var.signals}/go-on; do sleep 0.02; done"
  }
}

output "text" {
  value = terraform_data.text.output
}

output "api_url" {
  value = "https://api.example"
}

output "password" {
  value     = "secret"
  sensitive = true
}
