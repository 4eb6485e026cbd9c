# A shared environment for trials: cheap, and may be destroyed.
environment        = "dev"
protect_data       = false
log_level          = "INFO"
log_retention_days = 14

throttling = {
  requests_per_second = 50
  burst               = 100

  # These ask others: a search, or several services by this API.
  routes = {
    "GET /search/orders"                  = { requests_per_second = 10, burst = 20 }
    "GET /composed/orders/{id}"           = { requests_per_second = 10, burst = 20 }
    "GET /composed/customers/{id}/orders" = { requests_per_second = 10, burst = 20 }
  }
}

# About 30 dollars a month. Serverless, without standby replicas, starts at about 175.
search = { kind = "domain", instance_type = "t3.small.search", instance_count = 1, volume_gigabytes = 10 }
