# Derives everything else from the shop's lists (shop_*.tf), and fails the plan if they contradict each other.

module "nouns" {
  source = "./modules/nouns"

  services  = local.services
  views     = local.views
  processes = local.processes
  functions = merge(local.functions, local.functions_of_the_frame)
  routes    = local.routes
}

locals {
  # The two functions that every application has.
  functions_of_the_frame = {
    event_publisher = {
      description      = "Puts every commit on the event stream once it is stored."
      publishes        = true
      memory_megabytes = 512
      timeout_seconds  = 60
    }

    sweeper = {
      description      = "Finds commits that followers missed and lets them catch up, and delivers waiting commands of processes."
      sweeps           = true
      memory_megabytes = 512
      timeout_seconds  = 300
    }
  }

  folders = toset([for path in fileset(coalesce(var.functions_dir, "${path.module}/../functions"), "*/handler.py") : dirname(path)])

  mistakes = concat(
    module.nouns.mistakes,
    [for name in setintersection(keys(local.functions), keys(local.functions_of_the_frame)) : "`${name}` is in `local.functions`, but there is one already, of the frame: take the entry out, or give it another name."],
    [for name in setsubtract(local.folders, keys(module.nouns.functions)) : "`${name}` is in functions/ and not in `local.functions`: add an entry, or remove the folder."],
    [for name in setsubtract(keys(module.nouns.functions), local.folders) : "`${name}` is in `local.functions` and not in functions/: add a folder with a handler.py, or remove the entry."],
  )
}

resource "terraform_data" "nouns_add_up" {
  lifecycle {
    precondition {
      condition     = length(local.mistakes) == 0
      error_message = join("\n\n", local.mistakes)
    }
  }
}
