output "name" {
  description = "The name. If it is too long it is cut and ends with a hash, so that two names can't become equal."
  value = (
    length(var.name) <= var.max_length
    ? var.name
    : "${trimsuffix(substr(var.name, 0, var.max_length - 9), "-")}-${substr(sha1(var.name), 0, 8)}"
  )
}
