# Derives everything from the lists. Unknown names are left out here and reported in mistakes.tf, so the plan
# fails with that sentence and no other.

locals {
  said = {
    services  = var.services
    views     = var.views
    processes = var.processes
    functions = var.functions
    routes    = var.routes
  }

  # The words that an entry may have, and their defaults.
  words = {
    services  = { guards = false }
    views     = { follows = [], kind = "row", lists = [] }
    processes = { follows = [], commands = [], deadlines = [], settings = {} }
    routes    = { function = null, role = null }

    functions = {
      description       = null
      memory_megabytes  = null
      timeout_seconds   = null
      appends           = []
      claims            = []
      reads             = []
      keeps             = []
      queries           = []
      fed_by            = []
      batch_size        = 100
      batches_at_a_time = 1
      settings          = {}
      publishes         = false
      tends             = null
    }
  }

  entries = {
    for list, entries in local.said :
    list => { for name, entry in entries : name => merge(local.words[list], entry) }
  }

  # The words whose values are names that must exist. A single name need not be in a list.
  naming = {
    services  = {}
    routes    = {}
    views     = { follows = "service" }
    processes = { follows = "service", commands = "service", deadlines = "service" }
    functions = { appends = "service", claims = "guarded", reads = "service", fed_by = "service", keeps = "kept", queries = "kept" }
  }

  names = {
    service = keys(var.services)
    guarded = [for name, service in local.entries.services : name if service.guards]
    kept    = concat(keys(var.views), keys(var.processes))
  }

  known = {
    for list, entries in local.entries : list => {
      for name, entry in entries : name => merge(entry, {
        for word, kind in local.naming[list] :
        word => [for named in flatten([entry[word]]) : named if contains(local.names[kind], named)]
      })
    }
  }
}

locals {
  # The functions that append to each service, one of which gets its commands.
  appending = {
    for service in local.names.service :
    service => [for name, function in local.known.functions : name if contains(function.appends, service)]
  }
  commanded = {
    for service, functions in local.appending : service => functions[0]
    if length(functions) > 0 && contains(flatten(values(local.known.processes)[*].commands), service)
  }

  follows   = { for name, entry in merge(local.known.views, local.known.processes) : name => entry.follows }
  in_search = [for name, view in local.known.views : name if view.kind == "search"]

  # The views and processes that each function keeps (or tends, with those that keep them), and those that it reads.
  tended  = { all = local.names.kept, processes = keys(var.processes) }
  keeps   = { for name, function in local.known.functions : name => function.tends == null ? function.keeps : local.tended[function.tends] }
  leads   = { for name, keeps in local.keeps : name => [for process, entry in local.known.processes : entry if contains(keeps, process)] }
  touches = { for name, function in local.known.functions : name => concat(local.keeps[name], function.queries) }

  wave_of = {
    for name, function in local.known.functions : name => (
      length(function.appends) > 0 ? "commands" :
      length(local.leads[name]) > 0 || function.publishes || function.tends != null ? "processes" :
      length(local.keeps[name]) > 0 ? "followers" : "queries"
    )
  }

  functions = {
    for name, function in local.known.functions : name => merge(function, {
      reads    = distinct(concat(function.tends == "all" ? local.names.service : function.reads, flatten([for view in local.touches[name] : local.follows[view]])))
      keeps    = [for view in local.keeps[name] : view if !contains(local.in_search, view)]
      queries  = [for view in function.queries : view if !contains(local.in_search, view)]
      searches = length(setintersection(local.touches[name], local.in_search)) > 0
      indexes  = length(setintersection(local.keeps[name], local.in_search)) > 0

      commands  = setintersection(flatten(local.leads[name][*].commands), keys(local.commanded))
      deadlines = setintersection(flatten(local.leads[name][*].deadlines), keys(local.commanded))
      settings  = merge(concat(local.leads[name][*].settings, [function.settings])...)
    })
  }
}
