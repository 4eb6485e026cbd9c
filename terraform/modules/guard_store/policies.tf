# What may be done here, for the roles of those who do it. A transaction needs what its single actions
# need, on each table: this, and to append to the event store beside it.
locals {
  policies = {
    claim = [{
      Effect   = "Allow"
      Action   = ["dynamodb:DeleteItem", "dynamodb:PutItem"]
      Resource = aws_dynamodb_table.this.arn
    }]
  }

  policy_jsons = {
    for use, statements in local.policies :
    use => jsonencode({ Version = "2012-10-17", Statement = statements })
  }
}
