# Who callers are: an OIDC issuer signs the tokens that they send. What they may is said by the routes (shop_routes.tf),
# and checked by the functions.

module "identity" {
  source = "./modules/identity"
  count  = var.identity.kind == "cognito" ? 1 : 0

  name         = local.prefix
  protect_data = contains(local.protected, "user_pool")
  by_password  = var.emulated
}

locals {
  identity = {
    cognito = one(module.identity[*].issuing)
    oidc    = { issuer = var.identity.issuer, audience = var.identity.audience }
    none    = null
  }[var.identity.kind]

  # Without an issuer all routes are public.
  open_to = {
    for route, entry in module.nouns.routes : route => merge(entry, var.identity.kind == "none" ? { role = "public" } : {})
  }

  roles = {
    for name in keys(module.nouns.functions) :
    name => { for route, entry in local.open_to : route => entry.role if entry.function == name }
  }
}
