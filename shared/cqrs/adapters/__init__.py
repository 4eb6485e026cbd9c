"""What the ports are made of: DynamoDB, Kinesis, S3, memory. The only place that knows AWS."""
