# Mistakes in the lists, as sentences that say what to do: unknown names, unused entries, contradictions.

locals {
  mistakes = concat(
    local.unknown_words,
    local.missing_words,
    local.unknown_names,
    local.unknown_routes,
    local.roleless_routes,
    local.unused,
    local.disputed,
    local.contradictions,
  )

  unknown_words = flatten([
    for list, entries in local.said : [
      for name, entry in entries : [
        for word in setsubtract(keys(entry), keys(local.words[list])) :
        "`${name}` in `local.${list}` says `${word}`, which means nothing there. It may say: ${join(", ", keys(local.words[list]))}."
      ]
    ]
  ])

  missing_words = flatten([
    for name, function in local.entries.functions : [
      for word in ["description", "memory_megabytes", "timeout_seconds"] :
      "`${name}` in `local.functions` does not say its `${word}`: add it."
      if function[word] == null
    ]
  ])

  unknown_names = flatten([
    for list, entries in local.entries : [
      for name, entry in entries : [
        for word, kind in local.naming[list] : [
          for named in flatten([entry[word]]) :
          "`${name}` in `local.${list}` says `${word} = [\"${named}\"]`, but ${format(local.is_not_there[kind], named)}."
          if !contains(local.names[kind], named)
        ]
      ]
    ]
  ])

  is_not_there = {
    service = "there is no service `%s`: correct the name, or add it to `local.services`"
    guarded = "`%s` has no guards: correct the name, or say `guards = true` in `local.services`"
    kept    = "there is no view or process `%s`: correct the name, or add it to `local.views` or `local.processes`"
  }

  unknown_routes = [
    for route, entry in local.entries.routes :
    "\"${route}\" in `local.routes` leads to `${coalesce(entry.function, "nothing")}`, and there is no such function: correct the name, or add it to `local.functions`."
    if !contains(keys(var.functions), coalesce(entry.function, "nothing"))
  ]

  roles = ["public", "customer", "staff", "operator"]

  roleless_routes = [
    for route, entry in local.entries.routes :
    "\"${route}\" in `local.routes` does not say to whom it is open: let it say `role`, and one of ${join(", ", local.roles)}."
    if !contains(local.roles, coalesce(entry.role, "nobody"))
  ]

  claiming = {
    for service in local.names.guarded :
    service => [for name, function in local.known.functions : name if contains(function.claims, service)]
  }
  keeping = {
    for view in local.names.kept :
    view => [for name, function in local.known.functions : name if contains(function.keeps, view)]
  }

  # Unused entries.
  unused = concat(
    [
      for service, functions in local.appending :
      "No function appends to the events of `${service}`: let its command function say `appends = [\"${service}\"]`, or take it out of `local.services`."
      if length(functions) == 0
    ],
    [
      for service, functions in local.claiming :
      "No function claims the guards of `${service}`: let its command function say `claims = [\"${service}\"]`, or let `local.services` not say `guards`."
      if length(functions) == 0
    ],
    [
      for view, functions in local.keeping :
      "No function keeps `${view}`: let a follower say `keeps = [\"${view}\"]`, or take it out of `local.views` or `local.processes`."
      if length(functions) == 0
    ],
    [
      for view, entry in merge(local.entries.views, local.entries.processes) :
      "`${view}` follows no service: let it say `follows`, and whose events it is made from."
      if length(entry.follows) == 0
    ],
    [
      for name, function in local.known.functions :
      "Nothing brings work to `${name}`: give it a route in `local.routes` or something to keep, or take it out of `local.functions` and functions/."
      if !contains(values(local.entries.routes)[*].function, name)
      && length(function.keeps) == 0
      && !contains(values(local.commanded), name)
      && !function.publishes
      && function.tends == null
    ],
  )

  # Two functions where only one is allowed.
  disputed = concat(
    [
      for service, functions in local.appending :
      "${join(" and ", functions)} append to the events of `${service}`: leave it to one. Whoever else wants something of a service sends it a command."
      if length(functions) > 1
    ],
    [
      for view, functions in local.keeping :
      "${join(" and ", functions)} keep `${view}`: leave it to one."
      if length(functions) > 1
    ],
  )

  contradictions = concat(
    [
      for name, view in local.entries.views :
      "`${name}` in `local.views` says `kind = \"${view.kind}\"`: say row, tally or search."
      if !contains(["row", "tally", "search"], view.kind)
    ],
    [
      for name, view in local.entries.views :
      "`${name}` in `local.views` has `lists` and is a ${view.kind}: take them out, only rows are read in lists."
      if contains(["tally", "search"], view.kind) && length(view.lists) > 0
    ],
    flatten([
      for name, process in local.known.processes : [
        for service in setsubtract(process.deadlines, process.commands) :
        "`${name}` in `local.processes` sets deadlines for `${service}`: add it to `commands` too, for what happens at a deadline is a command."
      ]
    ]),
    flatten([
      for name, function in local.known.functions : [
        for service in setsubtract(function.claims, function.appends) :
        "`${name}` in `local.functions` claims guards of `${service}`: add it to `appends` too, for a claim goes with what is appended."
      ]
    ]),
    flatten([
      for name, function in local.known.functions : [
        for view in function.keeps :
        "`${name}` in `local.functions` is fed by ${join(" and ", function.fed_by)} alone, and `${view}` follows ${join(" and ", local.follows[view])}: leave `fed_by` out, then the event stream feeds it."
        if length(function.fed_by) > 0 && length(setsubtract(local.follows[view], function.fed_by)) > 0
      ]
    ]),
  )
}
