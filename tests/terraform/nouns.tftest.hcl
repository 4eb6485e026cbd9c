# What follows from the nouns, and what is said when they do not add up: of a library that lends books.

variables {
  services = {
    books   = {}
    readers = { guards = true }
    staff   = {} # followed by nobody
  }

  views = {
    shelves = { follows = ["books"], lists = ["genre"] }
    loans   = { follows = ["books", "readers"], kind = "tally" }
    titles  = { follows = ["books"], kind = "search" }
  }

  processes = {
    reminders = { follows = ["books"], commands = ["readers"], deadlines = ["readers"], settings = { DAYS = 14 } }
    orders    = { follows = ["readers"], commands = ["books"] }
  }

  functions = {
    books_commands   = { description = "Decides on books.", memory_megabytes = 512, timeout_seconds = 10, appends = ["books"] }
    readers_commands = { description = "Decides on readers.", memory_megabytes = 512, timeout_seconds = 10, appends = ["readers"], claims = ["readers"] }
    staff_commands   = { description = "Decides on staff.", memory_megabytes = 512, timeout_seconds = 10, appends = ["staff"] }
    readers_queries  = { description = "Answers of readers.", memory_megabytes = 512, timeout_seconds = 10, reads = ["readers"], settings = { LIMIT = 20 } }
    shelves_follower = { description = "Keeps shelves.", memory_megabytes = 512, timeout_seconds = 60, keeps = ["shelves"], fed_by = "books" }
    library_follower = { description = "Keeps the rest.", memory_megabytes = 512, timeout_seconds = 60, keeps = ["loans", "titles"], batch_size = 50 }
    library_queries  = { description = "Answers of both.", memory_megabytes = 512, timeout_seconds = 10, queries = ["loans", "titles"] }
    reminders        = { description = "Reminds readers.", memory_megabytes = 512, timeout_seconds = 60, keeps = ["reminders", "orders"], batches_at_a_time = 4 }
    publisher        = { description = "Publishes.", memory_megabytes = 512, timeout_seconds = 60, publishes = true }
    walker           = { description = "Walks.", memory_megabytes = 512, timeout_seconds = 300, tends = "all" }
    deliverer        = { description = "Delivers.", memory_megabytes = 512, timeout_seconds = 300, tends = "processes" }
  }

  routes = {
    "POST /books"       = { function = "books_commands", role = "staff" }
    "POST /staff"       = { function = "staff_commands", role = "staff" }
    "GET /readers/{id}" = { function = "readers_queries", role = "staff" }
    "GET /loans"        = { function = "library_queries", role = "staff" }
  }
}

run "rights_follow_from_what_a_function_does" {
  command = plan

  module {
    source = "../../terraform/modules/nouns"
  }

  assert {
    condition     = length(output.mistakes) == 0
    error_message = "Something is wrong with what adds up: ${join(" ", output.mistakes)}"
  }

  # Who reads comes before who writes.
  assert {
    condition = { for wave, functions in output.waves : wave => join(", ", sort(functions)) } == {
      queries   = "library_queries, readers_queries"
      followers = "library_follower, shelves_follower"
      processes = "deliverer, publisher, reminders, walker"
      commands  = "books_commands, readers_commands, staff_commands"
    }
    error_message = "A function is in another wave than it belongs to."
  }

  assert {
    condition = { for name, function in output.functions : name => join(", ", sort(function.appends)) if length(function.appends) > 0 } == {
      books_commands   = "books"
      readers_commands = "readers"
      staff_commands   = "staff"
    }
    error_message = "Others append than those who say so."
  }

  assert {
    condition     = [for name, function in output.functions : name if length(function.claims) > 0] == ["readers_commands"]
    error_message = "Others claim guards than those who say so."
  }

  # Whoever keeps or queries a view, or leads a process, may have to read what it missed.
  assert {
    condition = { for name, function in output.functions : name => join(", ", sort(function.reads)) if length(function.reads) > 0 } == {
      deliverer        = "books, readers"
      library_follower = "books, readers"
      library_queries  = "books, readers"
      readers_queries  = "readers"
      reminders        = "books, readers"
      shelves_follower = "books"
      walker           = "books, readers, staff"
    }
    error_message = "A function may read other stores than those of whom it follows or answers from; the walker reads all."
  }

  assert {
    condition = { for name, function in output.functions : name => join(", ", sort(function.keeps)) if length(function.keeps) > 0 } == {
      deliverer        = "orders, reminders"
      library_follower = "loans"
      reminders        = "orders, reminders"
      shelves_follower = "shelves"
      walker           = "loans, orders, reminders, shelves"
    }
    error_message = "A function may write other tables than those that it keeps; the walker keeps all, the deliverer all processes."
  }

  assert {
    condition     = { for name, function in output.functions : name => join(", ", sort(function.queries)) if length(function.queries) > 0 } == { library_queries = "loans" }
    error_message = "A function may query other tables than it says."
  }

  assert {
    condition = (
      [for name, function in output.functions : name if function.searches] == ["library_follower", "library_queries", "walker"]
      && [for name, function in output.functions : name if function.indexes] == ["library_follower", "walker"]
    )
    error_message = "Others use the search index than those who keep or query a view in it."
  }

  assert {
    condition = { for name, function in output.functions : name => join(", ", sort(function.commands)) if length(function.commands) > 0 } == {
      deliverer = "books, readers"
      reminders = "books, readers"
      walker    = "books, readers"
    }
    error_message = "Others send commands than those who keep a process, and those who look after it."
  }

  assert {
    condition     = output.commanded == { books = "books_commands", readers = "readers_commands" }
    error_message = "A command goes to another function than the one that appends."
  }

  assert {
    condition = (
      [for name, function in output.functions : name if length(function.deadlines) > 0] == ["deliverer", "reminders", "walker"]
      && output.commanded_at_deadlines == toset(["readers"])
    )
    error_message = "Others set deadlines than those who keep a process that has some, or for others."
  }

  assert {
    condition = { for name, function in output.functions : name => function.settings if length(function.settings) > 0 } == {
      deliverer       = { DAYS = 14 }
      readers_queries = { LIMIT = 20 }
      reminders       = { DAYS = 14 }
      walker          = { DAYS = 14 }
    }
    error_message = "The settings of a process do not go to those who keep it, or go to others."
  }

  assert {
    condition = { for name, follower in output.followers : name => [follower.batch_size, follower.batches_at_a_time, follower.fed_by] } == {
      library_follower = [50, 1, []]
      reminders        = [100, 4, []]
      shelves_follower = [100, 1, ["books"]]
    }
    error_message = "Streams feed others than those who keep something, or not as they ask."
  }
}

run "without_views_in_it_nobody_uses_the_search" {
  command = plan

  module {
    source = "../../terraform/modules/nouns"
  }

  variables {
    views = {
      shelves = { follows = ["books"] }
      loans   = { follows = ["books"] }
      titles  = { follows = ["books"] }
    }
  }

  assert {
    condition     = !anytrue([for function in output.functions : function.searches])
    error_message = "A function uses the search index, and nothing is in it."
  }
}

# A mistake is said once, and nothing else is wrong because of it.
run "a_name_that_nobody_has_is_said" {
  command = plan

  module {
    source = "../../terraform/modules/nouns"
  }

  variables {
    services = { books = {}, readers = { guards = true } }
    views = {
      shelves = { follows = ["books", "boks"], lists = ["genre"] }
      loans   = { follows = ["books", "readers"], kind = "tally" }
      titles  = { follows = ["books"], kind = "search" }
    }
    processes = {
      reminders = { follows = ["books"], commands = ["readers", "writers"] }
      orders    = { follows = ["readers"], commands = ["books"] }
    }
    functions = {
      books_commands   = { description = "Decides on books.", memory_megabytes = 512, timeout_seconds = 10, appends = ["books"], claims = ["books"] }
      readers_commands = { description = "Decides on readers.", memory_megabytes = 512, timeout_seconds = 10, appends = ["readers"], claims = ["readers"] }
      readers_queries  = { description = "Answers of readers.", memory_megabytes = 512, timeout_seconds = 10, reads = ["reader"] }
      library_follower = { description = "Keeps all.", memory_megabytes = 512, timeout_seconds = 60, keeps = ["loans", "titles", "shelves", "shelfs"] }
      library_queries  = { description = "Answers of both.", memory_megabytes = 512, timeout_seconds = 10, queries = ["loan"] }
      reminders        = { description = "Reminds readers.", memory_megabytes = 512, timeout_seconds = 60, keeps = ["reminders", "orders"] }
    }
    routes = {
      "POST /books"       = { function = "books_commands", role = "staff" }
      "GET /readers/{id}" = { function = "readers_queries", role = "staff" }
      "GET /loans"        = { function = "library_queries", role = "staff" }
      "GET /titles"       = { function = "library_search", role = "staff" }
      "GET /shelves"      = { function = "library_queries" }
      "GET /orders"       = { function = "library_queries", role = "boss", open = true }
    }
  }

  assert {
    condition = sort(output.mistakes) == sort([
      "`books_commands` in `local.functions` says `claims = [\"books\"]`, but `books` has no guards: correct the name, or say `guards = true` in `local.services`.",
      "`library_follower` in `local.functions` says `keeps = [\"shelfs\"]`, but there is no view or process `shelfs`: correct the name, or add it to `local.views` or `local.processes`.",
      "`library_queries` in `local.functions` says `queries = [\"loan\"]`, but there is no view or process `loan`: correct the name, or add it to `local.views` or `local.processes`.",
      "`readers_queries` in `local.functions` says `reads = [\"reader\"]`, but there is no service `reader`: correct the name, or add it to `local.services`.",
      "`reminders` in `local.processes` says `commands = [\"writers\"]`, but there is no service `writers`: correct the name, or add it to `local.services`.",
      "`shelves` in `local.views` says `follows = [\"boks\"]`, but there is no service `boks`: correct the name, or add it to `local.services`.",
      "\"GET /orders\" in `local.routes` does not say to whom it is open: let it say `role`, and one of public, customer, staff, operator.",
      "\"GET /shelves\" in `local.routes` does not say to whom it is open: let it say `role`, and one of public, customer, staff, operator.",
      "`GET /orders` in `local.routes` says `open`, which means nothing there. It may say: function, role.",
      "\"GET /titles\" in `local.routes` leads to `library_search`, and there is no such function: correct the name, or add it to `local.functions`.",
    ])
    error_message = join("\n", output.mistakes)
  }

  assert {
    condition     = !contains(keys(output.routes), "GET /titles")
    error_message = "A route leads to nowhere."
  }
}

run "what_is_there_for_nobody_is_said" {
  command = plan

  module {
    source = "../../terraform/modules/nouns"
  }

  variables {
    services  = { books = {}, readers = { guards = true } }
    processes = {}
    functions = {
      books_commands   = { description = "Decides on books.", memory_megabytes = 512, timeout_seconds = 10 }
      readers_commands = { description = "Decides on readers.", memory_megabytes = 512, timeout_seconds = 10, appends = ["readers"] }
      library_follower = { description = "Keeps loans.", memory_megabytes = 512, timeout_seconds = 60, keeps = ["loans", "titles"] }
    }
    routes = {
      "POST /readers" = { function = "readers_commands", role = "staff" }
    }
  }

  assert {
    condition = sort(output.mistakes) == sort([
      "No function appends to the events of `books`: let its command function say `appends = [\"books\"]`, or take it out of `local.services`.",
      "No function claims the guards of `readers`: let its command function say `claims = [\"readers\"]`, or let `local.services` not say `guards`.",
      "No function keeps `shelves`: let a follower say `keeps = [\"shelves\"]`, or take it out of `local.views` or `local.processes`.",
      "Nothing brings work to `books_commands`: give it a route in `local.routes` or something to keep, or take it out of `local.functions` and functions/.",
    ])
    error_message = join("\n", output.mistakes)
  }
}

run "what_is_there_for_one_and_taken_by_two_is_said" {
  command = plan

  module {
    source = "../../terraform/modules/nouns"
  }

  variables {
    services  = { books = {}, readers = { guards = true } }
    processes = {}
    functions = {
      books_commands   = { description = "Decides on books.", memory_megabytes = 512, timeout_seconds = 10, appends = ["books"] }
      readers_commands = { description = "Decides on readers.", memory_megabytes = 512, timeout_seconds = 10, appends = ["readers", "books"], claims = ["readers"] }
      shelves_follower = { description = "Keeps shelves.", memory_megabytes = 512, timeout_seconds = 60, keeps = ["shelves"] }
      library_follower = { description = "Keeps all.", memory_megabytes = 512, timeout_seconds = 60, keeps = ["loans", "shelves", "titles"] }
    }
    routes = {
      "POST /books"   = { function = "books_commands", role = "staff" }
      "POST /readers" = { function = "readers_commands", role = "staff" }
    }
  }

  assert {
    condition = sort(output.mistakes) == sort([
      "books_commands and readers_commands append to the events of `books`: leave it to one. Whoever else wants something of a service sends it a command.",
      "library_follower and shelves_follower keep `shelves`: leave it to one.",
    ])
    error_message = join("\n", output.mistakes)
  }
}

run "what_contradicts_itself_is_said" {
  command = plan

  module {
    source = "../../terraform/modules/nouns"
  }

  variables {
    services = { books = {}, readers = { guards = true } }
    views = {
      shelves = { follows = ["books", "readers"], kind = "rows" }
      loans   = { follows = [], kind = "tally", lists = ["day"] }
      titles  = { follow = ["books"], follows = ["books"], kind = "search" }
    }
    processes = {
      reminders = { follows = ["books"], commands = ["books"], deadlines = ["readers"] }
      orders    = { follows = ["readers"], commands = ["books"] }
    }
    functions = {
      books_commands   = { description = "Decides on books.", memory_megabytes = 512, timeout_seconds = 10, appends = ["books"], claims = ["readers"] }
      readers_commands = { memory_megabytes = 512, timeout_seconds = 10, appends = ["readers"] }
      shelves_follower = { description = "Keeps shelves.", memory_megabytes = 512, timeout_seconds = 60, keeps = ["shelves"], fed_by = ["books"] }
      library_follower = { description = "Keeps the rest.", memory_megabytes = 512, timeout_seconds = 60, keeps = ["loans", "titles"] }
      reminders        = { description = "Reminds readers.", memory_megabytes = 512, timeout_seconds = 60, keeps = ["reminders", "orders"] }
    }
    routes = {
      "POST /readers" = { function = "readers_commands", role = "staff" }
    }
  }

  assert {
    condition = sort(output.mistakes) == sort([
      "`books_commands` in `local.functions` claims guards of `readers`: add it to `appends` too, for a claim goes with what is appended.",
      "`loans` follows no service: let it say `follows`, and whose events it is made from.",
      "`loans` in `local.views` has `lists` and is a tally: take them out, only rows are read in lists.",
      "`readers_commands` in `local.functions` does not say its `description`: add it.",
      "`reminders` in `local.processes` sets deadlines for `readers`: add it to `commands` too, for what happens at a deadline is a command.",
      "`shelves_follower` in `local.functions` is fed by books alone, and `shelves` follows books and readers: leave `fed_by` out, then the event stream feeds it.",
      "`shelves` in `local.views` says `kind = \"rows\"`: say row, tally or search.",
      "`titles` in `local.views` says `follow`, which means nothing there. It may say: follows, kind, lists.",
    ])
    error_message = join("\n", output.mistakes)
  }
}
