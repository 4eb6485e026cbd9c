# Policies, by use. None allows to change or delete a commit.
locals {
  policies = {
    append = [{
      Effect   = "Allow"
      Action   = ["dynamodb:PutItem", "dynamodb:Query"]
      Resource = aws_dynamodb_table.this.arn
    }]

    read = [{
      Effect   = "Allow"
      Action   = ["dynamodb:Query"]
      Resource = aws_dynamodb_table.this.arn
    }]

    walk = [{
      Effect   = "Allow"
      Action   = ["dynamodb:Scan"]
      Resource = aws_dynamodb_table.this.arn
    }]

    measure = [{
      Effect   = "Allow"
      Action   = ["dynamodb:DescribeTable"]
      Resource = aws_dynamodb_table.this.arn
    }]

    publish = [{
      Effect = "Allow"
      Action = [
        "dynamodb:DescribeStream",
        "dynamodb:GetRecords",
        "dynamodb:GetShardIterator",
        "dynamodb:ListStreams",
      ]
      Resource = "${aws_dynamodb_table.this.arn}/stream/*" # the stream's name is the time it was enabled
    }]
  }

  policy_jsons = {
    for use, statements in local.policies :
    use => jsonencode({ Version = "2012-10-17", Statement = statements })
  }
}
