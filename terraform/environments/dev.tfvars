# A shared place to try things: cheap, and it can be thrown away.
environment        = "dev"
protect_data       = false
log_level          = "INFO"
log_retention_days = 14
throttling         = { requests_per_second = 50, burst = 100 }
