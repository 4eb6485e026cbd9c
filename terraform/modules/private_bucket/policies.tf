locals {
  policies = {
    # For a mapping's destination: Lambda lists the bucket before it puts an object, with the function's role.
    put = [
      {
        Effect   = "Allow"
        Action   = ["s3:PutObject"]
        Resource = "${aws_s3_bucket.this.arn}/*"
      },
      {
        Effect   = "Allow"
        Action   = ["s3:ListBucket"]
        Resource = aws_s3_bucket.this.arn
      },
    ]

    take = [
      {
        Effect   = "Allow"
        Action   = ["s3:DeleteObject", "s3:GetObject"]
        Resource = "${aws_s3_bucket.this.arn}/*"
      },
      {
        Effect   = "Allow"
        Action   = ["s3:ListBucket"]
        Resource = aws_s3_bucket.this.arn
      },
    ]
  }

  policy_jsons = {
    for use, statements in local.policies :
    use => jsonencode({ Version = "2012-10-17", Statement = statements })
  }
}
