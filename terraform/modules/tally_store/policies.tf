# Policies, by use. A transaction needs the permissions of its single actions. Followers delete
# neither rows nor cells: rows become tombstones, cells zero.
locals {
  policies = {
    query = [{
      Effect   = "Allow"
      Action   = ["dynamodb:BatchGetItem", "dynamodb:Query"]
      Resource = aws_dynamodb_table.this.arn
    }]

    write = [{
      Effect   = "Allow"
      Action   = ["dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]
      Resource = aws_dynamodb_table.this.arn
    }]

    drop = [{
      Effect   = "Allow"
      Action   = ["dynamodb:BatchWriteItem", "dynamodb:Scan"]
      Resource = aws_dynamodb_table.this.arn
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
