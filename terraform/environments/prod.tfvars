# What customers use: data is guarded, and the event stream remembers for a week.
environment            = "prod"
protect_data           = true
stream_retention_hours = 168
sweep_schedule         = "rate(1 hour)" # a message is rarely lost, and every sweep scans the stores
log_level              = "INFO"
log_retention_days     = 90
throttling             = { requests_per_second = 1000, burst = 2000 }

# A node in each of three zones: one may be lost. Of up to ten nodes each can also be their master.
search = { kind = "domain", instance_type = "m7g.large.search", instance_count = 3, volume_gigabytes = 50 }
