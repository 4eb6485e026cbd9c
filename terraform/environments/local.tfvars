# A local AWS on this machine (make up). scripts/local sets what differs from stack to stack: the URLs of
# the API and the search.
environment        = "local"
region             = "eu-west-1"
emulated           = true
protect_data       = false
stream_shards      = 1 # the emulator loses records when it reshards
log_level          = "INFO"
log_retention_days = 1
throttling         = { requests_per_second = 1000, burst = 1000 }
