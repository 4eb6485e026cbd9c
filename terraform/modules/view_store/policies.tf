# Policies, by use. Followers never delete a row: it becomes a tombstone.
locals {
  policies = {
    query = [{
      Effect   = "Allow"
      Action   = ["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query"]
      Resource = [aws_dynamodb_table.this.arn, "${aws_dynamodb_table.this.arn}/index/*"]
    }]

    write = [{
      Effect   = "Allow"
      Action   = ["dynamodb:BatchGetItem", "dynamodb:PutItem"]
      Resource = aws_dynamodb_table.this.arn
    }]

    drop = [{
      Effect   = "Allow"
      Action   = ["dynamodb:BatchWriteItem", "dynamodb:Scan"]
      Resource = aws_dynamodb_table.this.arn
    }]

    list = [{
      Effect   = "Allow"
      Action   = ["dynamodb:Query"]
      Resource = "${aws_dynamodb_table.this.arn}/index/*" # whatever its lists are called
    }]

    parked = [{
      Effect   = "Allow"
      Action   = ["dynamodb:Query"]
      Resource = "${aws_dynamodb_table.this.arn}/index/parked"
    }]
  }

  policy_jsons = {
    for use, statements in local.policies :
    use => jsonencode({ Version = "2012-10-17", Statement = statements })
  }
}
