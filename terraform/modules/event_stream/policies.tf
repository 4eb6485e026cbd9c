locals {
  policies = {
    publish = [{
      Effect   = "Allow"
      Action   = ["kinesis:PutRecords"]
      Resource = local.arn
    }]

    consume = [
      {
        Effect = "Allow"
        Action = [
          "kinesis:DescribeStream",
          "kinesis:DescribeStreamSummary",
          "kinesis:GetRecords",
          "kinesis:GetShardIterator",
          "kinesis:ListShards",
        ]
        Resource = local.arn
      },
      {
        # Lambda checks for this one when a mapping is created. It lists names, and can't be limited to a
        # stream.
        Effect   = "Allow"
        Action   = ["kinesis:ListStreams"]
        Resource = "*"
      },
    ]
  }

  policy_jsons = {
    for use, statements in local.policies :
    use => jsonencode({ Version = "2012-10-17", Statement = statements })
  }
}
