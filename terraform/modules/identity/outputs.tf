output "issuing" {
  description = "Who issues tokens, and for whom. (Cognito's access tokens name the client, and no audience; API Gateway takes that.)"
  value = {
    issuer   = "https://${aws_cognito_user_pool.this.endpoint}"
    audience = [aws_cognito_user_pool_client.this.id]
  }
}

output "user_pool_id" {
  description = "Id of the user pool."
  value       = aws_cognito_user_pool.this.id
}

output "client_id" {
  description = "Id of the client that applications sign in with."
  value       = aws_cognito_user_pool_client.this.id
}
