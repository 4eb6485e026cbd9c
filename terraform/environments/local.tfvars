# A local AWS on this machine (make up). What differs from stack to stack is said by scripts/local: where
# the API and the search are.
environment        = "local"
region             = "eu-west-1"
emulated           = true
protect_data       = false
stream_shards      = 1 # the emulator forgets records when it reshards
log_level          = "INFO"
log_retention_days = 1
throttling         = { requests_per_second = 1000, burst = 1000 }
