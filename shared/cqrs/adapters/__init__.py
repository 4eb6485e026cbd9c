"""What the ports are made of: DynamoDB, Kinesis, memory. The only place that knows AWS's clients."""
