# Settings that differ between environments (environments/*.tfvars) or machines.

variable "name" {
  description = "Name of the application: the first part of every resource's name, and the namespace of its metrics."
  type        = string
  default     = "cqrs"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,30}[a-z0-9]$", var.name))
    error_message = "`name` must be 3 to 32 lower-case letters, digits and inner dashes, starting with a letter, for example \"cqrs\"."
  }
}

variable "environment" {
  description = "Name of the environment: the second part of every resource's name."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,14}[a-z0-9]$", var.environment))
    error_message = "`environment` must be 2 to 16 lower-case letters, digits and inner dashes, starting with a letter, for example \"dev\"."
  }
}

variable "region" {
  description = "AWS region. Of a real environment it comes from its pin (environments/*.pin.json)."
  type        = string
  default     = null
}

variable "account_id" {
  description = "AWS account, the only one that anything is done in. Of a real environment it comes from its pin. Null allows any."
  type        = string
  default     = null
}

variable "emulated" {
  description = "Whether this is applied to a local AWS. The stream mappings are then created disabled, because the project's own runner polls the streams by their settings; and what the emulator lacks (X-Ray), or only takes time there, is left out."
  type        = bool
  default     = false
  nullable    = false
}

variable "local_api_id" {
  description = "Id that a local AWS gives to the HTTP API, so that its URL is the same after every start. Null lets AWS choose."
  type        = string
  default     = null

  validation {
    condition     = var.local_api_id == null || can(regex("^[0-9a-f]{8}$", var.local_api_id))
    error_message = "`local_api_id` must be 8 hexadecimal digits, for example \"e0a10001\": a local AWS resolves no other ids by host name."
  }

  validation {
    condition     = var.local_api_id == null || var.emulated
    error_message = "`local_api_id` works on a local AWS only: leave it out, or set `emulated = true`."
  }
}

variable "services_url" {
  description = "URL at which compositions reach the services, without a slash at the end. Null means the API's own URL, which can't be called on a local AWS."
  type        = string
  default     = null

  validation {
    condition     = var.services_url == null || can(regex("^https?://.*[^/]$", var.services_url))
    error_message = "`services_url` must begin with http:// or https:// and have no slash at its end."
  }
}

variable "packages_dir" {
  description = "Folder with the built packages: layer.zip and one zip per function. Null means build/packages/aws of this repository."
  type        = string
  default     = null
}

variable "functions_dir" {
  description = "Folder with one folder per function, compared with `local.functions`. Null means functions/ of this repository."
  type        = string
  default     = null
}

variable "protect_data" {
  description = "Whether to protect data: the tables of events, guards and processes have 35 days of point-in-time recovery, no table can be deleted, and a bucket is only destroyed if it is empty."
  type        = bool
  nullable    = false
}

variable "unprotected" {
  description = "Names of what may be deleted though data is protected (tables as in the output `table_names`, user_pool, failures), or \"all\". Point-in-time recovery stays on. For the deployment before the one that deletes."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "stream_shards" {
  description = "Number of shards of the event stream. Null makes it on-demand: nothing to plan, but more expensive from about four shards of traffic."
  type        = number
  default     = null

  validation {
    condition     = var.stream_shards == null || try(var.stream_shards >= 1 && floor(var.stream_shards) == var.stream_shards, false)
    error_message = "`stream_shards` must be a whole number from 1, or null for an on-demand stream."
  }
}

variable "stream_retention_hours" {
  description = "How long the event stream keeps records, in hours: the time to repair a follower before an audit has to find what it missed."
  type        = number
  default     = 24
  nullable    = false

  validation {
    condition     = var.stream_retention_hours >= 24 && var.stream_retention_hours <= 168
    error_message = "`stream_retention_hours` must be 24 to 168 (a mapping can't look back further than seven days)."
  }
}

variable "log_level" {
  description = "Lowest level that the functions log. Metrics are log lines too, and count as INFO: a higher level would drop them."
  type        = string
  default     = "INFO"
  nullable    = false

  validation {
    condition     = contains(["DEBUG", "INFO"], var.log_level)
    error_message = "`log_level` must be DEBUG or INFO."
  }
}

variable "log_retention_days" {
  description = "Retention of all log groups, in days."
  type        = number
  nullable    = false

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "`log_retention_days` must be one of the periods CloudWatch knows: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653."
  }
}

variable "identity" {
  description = "Who issues the tokens of callers. `kind`: \"cognito\" (creates a user pool), \"oidc\" (any OpenID provider at `issuer`, whose access tokens are made for one of `audience`) or \"none\" (everybody may do everything: for trials). `groups_claim`: the claim of a token that has its subject's groups, among them `staff` and `operator`. (A group whose name has one of these as a word among others counts as it: API Gateway hands groups on with spaces between them.)"
  type = object({
    kind         = string
    issuer       = optional(string)
    audience     = optional(list(string), [])
    groups_claim = optional(string, "cognito:groups")
    word         = optional(string)
  })
  default  = { kind = "cognito" }
  nullable = false

  validation {
    condition     = contains(["cognito", "oidc", "none"], coalesce(var.identity.kind, "nothing"))
    error_message = "`identity.kind` must be cognito, oidc or none."
  }

  validation {
    condition     = length(var.identity.groups_claim) > 0
    error_message = "`identity.groups_claim` must be the name of a claim; leave it out for that of Cognito."
  }

  validation {
    condition     = var.identity.kind != "oidc" || can(regex("^https://.", var.identity.issuer)) && length(compact(var.identity.audience)) > 0
    error_message = "`identity` of kind oidc needs its `issuer` (exactly as its tokens have it in `iss`, with https://) and the `audience` of its access tokens, a list."
  }

  validation {
    condition     = var.identity.kind == "oidc" || var.identity.issuer == null && length(var.identity.audience) == 0
    error_message = "`identity.issuer` and `identity.audience` belong to an OpenID provider: leave them out, or set `identity.kind = \"oidc\"`."
  }

  validation {
    condition     = (var.identity.kind == "none") == (var.identity.word == "everybody may do everything")
    error_message = "Without an identity everybody may do everything. If that is meant, say so: `identity = { kind = \"none\", word = \"everybody may do everything\" }`; else leave `word` out."
  }

  validation {
    condition     = var.identity.kind != "none" || var.emulated || var.environment == "dev"
    error_message = "`identity.kind = \"none\"` is for a local AWS and for the environment dev only."
  }
}

variable "cors" {
  description = "Web pages that may call the API: their `origins`, and `max_age_seconds` for which a browser remembers so. Without origins, a preflight is answered 404 or 405 like any method that has no route."
  type = object({
    origins         = optional(list(string), [])
    max_age_seconds = optional(number, 3600)
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for origin in var.cors.origins : origin == "*" || can(regex("^https?://[^/*]+$", origin))])
    error_message = "`cors.origins` must be origins without a path, for example \"https://shop.example\", or \"*\" for the pages of all."
  }
}

variable "throttling" {
  description = "Limits of the HTTP API: requests a second, and a burst above that. `routes` that cost more have limits of their own. More are answered 429; API Gateway counts them as well as it can."
  type = object({
    requests_per_second = number
    burst               = number
    routes = optional(map(object({
      requests_per_second = number
      burst               = number
    })), {})
  })
  nullable = false

  validation {
    condition = alltrue([
      for limit in concat([var.throttling], values(var.throttling.routes)) : limit.requests_per_second >= 1 && limit.burst >= 1
    ])
    error_message = "`throttling` must let something through: set both numbers to 1 or more."
  }
}

variable "search" {
  description = "The search. `kind`: \"domain\" (creates an OpenSearch domain of `instance_count` nodes of `instance_type`), \"serverless\" (creates a collection, with standby replicas unless `standby_replicas` is false), \"existing\" (at `url`; `service` and `arn` say how requests are signed, if at all) or \"none\"."
  type = object({
    kind = string

    url     = optional(string)
    service = optional(string, "none")
    arn     = optional(string)

    engine_version   = optional(string, "OpenSearch_3.3")
    instance_type    = optional(string, "t3.small.search")
    instance_count   = optional(number, 1)
    volume_gigabytes = optional(number, 10)

    standby_replicas = optional(bool, true)
  })
  default  = { kind = "none" }
  nullable = false

  validation {
    condition     = contains(["domain", "existing", "none", "serverless"], var.search.kind)
    error_message = "`search.kind` must be domain, serverless, existing or none."
  }

  validation {
    condition     = var.search.kind != "existing" || can(regex("^https?://.*[^/]$", var.search.url))
    error_message = "`search.url` must be the URL of the existing search: http:// or https://, and no slash at the end."
  }

  validation {
    condition     = var.search.kind == "existing" || var.search.url == null && var.search.arn == null && var.search.service == "none"
    error_message = "`search.url`, `search.service` and `search.arn` belong to an existing search: leave them out, or set `search.kind = \"existing\"`."
  }

  validation {
    condition     = contains(["es", "aoss", "none"], var.search.service)
    error_message = "`search.service` must be es (a domain of AWS), aoss (a Serverless collection) or none (requests are not signed)."
  }

  validation {
    condition     = var.search.service == "none" || can(regex("^arn:[a-z-]+:${var.search.service}:", var.search.arn))
    error_message = "`search.arn` must be the ARN of the existing domain or collection, so that functions can be allowed to use it: for example \"arn:aws:es:eu-west-1:123456789012:domain/orders\"."
  }

  validation {
    condition     = var.search.instance_count == 1 || var.search.instance_count >= 2 && (var.search.instance_count % 2 == 0 || var.search.instance_count % 3 == 0)
    error_message = "`search.instance_count` must be 1, or a multiple of 2 or 3: the nodes are distributed evenly over as many zones."
  }
}

variable "audit_minutes" {
  description = "Minutes from one audit to the next, which finds commits that no message told of. An audit scans the stores: 131,072 read units (1.6 cents) per GB of events each time."
  type        = number
  default     = 60
  nullable    = false

  validation {
    condition     = var.audit_minutes >= 5 && floor(var.audit_minutes) == var.audit_minutes
    error_message = "`audit_minutes` must be a whole number from 5, for example 1440 for once a day."
  }
}

variable "walks" {
  description = "Limits of walks over the event stores (audits, rebuilds), which take capacity that commands could use: segments that are walked at a time, and read units that each walk takes a second."
  type = object({
    at_once               = optional(number, 16)
    read_units_per_second = optional(number, 8000)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.walks.at_once >= 1 && var.walks.at_once <= 40 && floor(var.walks.at_once) == var.walks.at_once
    error_message = "`walks.at_once` must be a whole number from 1 to 40: Step Functions runs no more at a time."
  }

  validation {
    condition     = var.walks.read_units_per_second >= var.walks.at_once
    error_message = "`walks.read_units_per_second` must be at least 1 for each of `walks.at_once`."
  }
}

variable "alarm_topic_arns" {
  description = "SNS topics that are notified of every alarm. Empty: alarms show in CloudWatch only."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.alarm_topic_arns : startswith(arn, "arn:")])
    error_message = "`alarm_topic_arns` must be ARNs of SNS topics, for example \"arn:aws:sns:eu-west-1:123456789012:on-call\"."
  }
}

variable "live_versions" {
  description = "Versions that stay live, or are live again, by function. `make rollback-code` sets it; a function that is not in it gets its newest version."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "snap_start" {
  description = "Whether functions that answer requests start from snapshots (SnapStart): a cold start takes a fraction, but a snapshot of a GB costs $4 a month for each version that is kept, and $0.14 per thousand starts. `make plan` has the sum."
  type        = bool
  default     = false
  nullable    = false
}
