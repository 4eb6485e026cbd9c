output "name" {
  description = "The name, or as much of it as AWS allows. A cut one keeps a hash, so that two of them can't become equal."
  value = (
    length(var.name) <= var.max_length
    ? var.name
    : "${trimsuffix(substr(var.name, 0, var.max_length - 9), "-")}-${substr(sha1(var.name), 0, 8)}"
  )
}
