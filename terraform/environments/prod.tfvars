# The environment that customers use: data is protected, and the event stream keeps records for a week.
environment            = "prod"
protect_data           = true
stream_retention_hours = 168
audit_minutes          = 1440 # a message is rarely lost, and every audit scans the stores
log_level              = "INFO"
log_retention_days     = 90

throttling = {
  requests_per_second = 1000
  burst               = 2000

  # These ask others: a search, or several services by this API.
  routes = {
    "GET /search/orders"                  = { requests_per_second = 200, burst = 400 }
    "GET /composed/orders/{id}"           = { requests_per_second = 200, burst = 400 }
    "GET /composed/customers/{id}/orders" = { requests_per_second = 200, burst = 400 }
  }
}

# A node in each of three zones, one of which may fail. Up to ten nodes need no dedicated masters.
search = { kind = "domain", instance_type = "m7g.large.search", instance_count = 3, volume_gigabytes = 50 }
