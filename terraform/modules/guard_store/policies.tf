# Policies, by use. A transaction needs the permissions of its single actions on each table: these, and
# those to append to the event store.
locals {
  policies = {
    claim = [{
      Effect   = "Allow"
      Action   = ["dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem"]
      Resource = aws_dynamodb_table.this.arn
    }]
  }

  policy_jsons = {
    for use, statements in local.policies :
    use => jsonencode({ Version = "2012-10-17", Statement = statements })
  }
}
