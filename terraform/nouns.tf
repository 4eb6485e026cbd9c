# Derives everything else from the shop's lists (shop_*.tf), and fails the plan if they contradict each other.

module "nouns" {
  source = "./modules/nouns"

  services  = local.services
  views     = local.views
  processes = local.processes
  functions = merge(local.functions, local.functions_of_the_frame)
  routes    = merge(local.routes, local.routes_of_the_frame)
}

locals {
  # The functions that every application has.
  functions_of_the_frame = {
    event_publisher = {
      description      = "Puts every commit on the event stream once it is stored."
      publishes        = true
      memory_megabytes = 512
      timeout_seconds  = 60
    }

    walker = {
      description      = "Walks over the event stores: finds what messages missed, fills views, folds them anew."
      tends            = "all"
      memory_megabytes = 512
      timeout_seconds  = 300
    }

    recoverer = {
      description      = "Takes up what was left lying: batches that stream mappings gave up on."
      tends            = "all"
      memory_megabytes = 512
      timeout_seconds  = 300
    }

    deliverer = {
      description      = "Sends the commands of processes that could not be delivered, or are due."
      tends            = "processes"
      memory_megabytes = 512
      timeout_seconds  = 300
    }

    operator = {
      description      = "Answers what an operator asks of views and processes, and redrives single streams."
      tends            = "all"
      memory_megabytes = 512
      timeout_seconds  = 300
    }

    docs = {
      description      = "Shows what the API takes and what happens in it: documents, and a page for each of them."
      memory_megabytes = 512
      timeout_seconds  = 10
    }
  }

  # The routes that every application has.
  routes_of_the_frame = {
    "GET /openapi.json"        = { function = "docs", role = "public" }
    "GET /docs"                = { function = "docs", role = "public" }
    "GET /docs/docs.js"        = { function = "docs", role = "public" }
    "GET /docs/swagger-ui.js"  = { function = "docs", role = "public" }
    "GET /docs/swagger-ui.css" = { function = "docs", role = "public" }
    "GET /docs/events"         = { function = "docs", role = "public" }
    "GET /docs/events.json"    = { function = "docs", role = "public" }
  }

  folders = toset([for path in fileset(coalesce(var.functions_dir, "${path.module}/../functions"), "*/handler.py") : dirname(path)])

  mistakes = concat(
    module.nouns.mistakes,
    [for name in setintersection(keys(local.functions), keys(local.functions_of_the_frame)) : "`${name}` is in `local.functions`, but there is one already, of the frame: take the entry out, or give it another name."],
    [for route in setintersection(keys(local.routes), keys(local.routes_of_the_frame)) : "\"${route}\" is in `local.routes`, but there is one already, of the frame: take the entry out, or give it another path."],
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
