# Who people are: the OpenID provider that the organisation has, or a Cognito user pool of this environment's own.
#
# What works with Cognito: people sign in, with a second factor, and their sessions are renewed. Their ID token carries the tenant
# (custom:tenant) and the roles (cognito:groups).
# What does not: Cognito's access tokens carry no attribute, hence no tenant, so bearer tokens of programs are refused (403,
# tenant-missing). Nor does it say how somebody signed in (no acr, no amr): the pool demands two factors of everybody, and an action
# that asks for two again (stepUp) is refused. Where that is needed, give an `oidc_issuer`.
variable "oidc_issuer" {
  description = "Issuer of an OpenID provider, an https URL; null makes a Cognito user pool."
  type        = string
  default     = null

  validation {
    condition     = var.oidc_issuer == null ? true : can(regex("^https://[a-z0-9.-]+(:[0-9]+)?(/[^?#@ ]*)?$", var.oidc_issuer))
    error_message = "oidc_issuer is an https URL without a login, a query or a fragment."
  }
}

variable "oidc_client_id" {
  description = "Name by which the provider of oidc_issuer knows the service. Its secret goes into Secrets Manager: output oidc_client_secret."
  type        = string
  default     = null

  validation {
    condition     = (var.oidc_issuer == null) == (var.oidc_client_id == null)
    error_message = "oidc_issuer and oidc_client_id come together, or neither."
  }
}

variable "oidc_audience" {
  description = "What access tokens of the given provider carry as `aud`; null for https://<domain_name>/api."
  type        = string
  default     = null
}

variable "oidc_settings" {
  description = "Further settings of the given provider, as .env.example describes them: OIDC_ORIGINS, OIDC_ROLES_CLAIM, SIGN_IN_FACTORS …"
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition = alltrue([for name in keys(var.oidc_settings) : contains(
      ["OIDC_MULTI_FACTOR_ACR", "OIDC_ORIGINS", "OIDC_ROLES_CLAIM", "OIDC_SCOPE", "OIDC_SIGNATURES", "OIDC_TENANT_CLAIM", "OIDC_TOKEN_PROFILE", "SIGN_IN_FACTORS"], name
    )])
    error_message = "oidc_settings are those of .env.example that begin with OIDC_, and SIGN_IN_FACTORS; issuer, client and audience have variables of their own."
  }

  validation {
    condition     = var.oidc_issuer != null || length(var.oidc_settings) == 0
    error_message = "oidc_settings are for a given oidc_issuer; those of Cognito follow from the pool."
  }
}

variable "cognito_tier" {
  description = "Cognito's feature plan, which decides what a monthly active user costs: LITE, ESSENTIALS, or PLUS, which watches for taken-over accounts."
  type        = string
  default     = "ESSENTIALS"
  nullable    = false

  validation {
    condition     = contains(["LITE", "ESSENTIALS", "PLUS"], var.cognito_tier)
    error_message = "cognito_tier is LITE, ESSENTIALS or PLUS."
  }
}

locals {
  cognito_count = var.oidc_issuer == null ? 1 : 0

  # Unique in the region, and telling nobody the account's number.
  cognito_domain = "${local.name}-${substr(sha256("${local.account_id}/${local.name}"), 0, 8)}"

  # ROLES of app/feature.ts: a person's groups are their roles.
  cognito_roles = ["viewer", "clerk", "manager", "auditor"]

  oidc_settings = merge(
    var.oidc_settings,
    var.oidc_issuer == null ? {} : {
      OIDC_ISSUER    = var.oidc_issuer
      OIDC_CLIENT_ID = var.oidc_client_id
      OIDC_AUDIENCE  = coalesce(var.oidc_audience, "https://${var.domain_name}/api")
    },
    var.oidc_issuer != null ? {} : {
      OIDC_ISSUER        = "https://${one(aws_cognito_user_pool.main[*].endpoint)}"
      OIDC_CLIENT_ID     = one(aws_cognito_user_pool_client.service[*].id)
      OIDC_AUDIENCE      = one(aws_cognito_user_pool_client.service[*].id)
      OIDC_ORIGINS       = "https://${local.cognito_domain}.auth.${var.region}.amazoncognito.com"
      OIDC_TOKEN_PROFILE = "cognito"
      # RS256 and 2048 bits, and nothing else does it have.
      OIDC_SIGNATURES   = "legacy-rsa"
      OIDC_ROLES_CLAIM  = "cognito:groups"
      OIDC_TENANT_CLAIM = "custom:tenant"
      # It tells of none, and demands two itself.
      SIGN_IN_FACTORS = "1"
    },
  )
}

resource "aws_cognito_user_pool" "main" {
  count = local.cognito_count

  name                     = local.name
  user_pool_tier           = var.cognito_tier
  deletion_protection      = var.deletion_protection ? "ACTIVE" : "INACTIVE"
  username_attributes      = ["email"]
  auto_verified_attributes = ["email"]
  mfa_configuration        = "ON"

  username_configuration {
    case_sensitive = false
  }

  # No SMS: ASVS 6.3.3 and 6.6.1.
  software_token_mfa_configuration {
    enabled = true
  }

  # Length, and no rules about characters, which make passwords worse (ASVS 6.2.1, 6.2.5).
  password_policy {
    minimum_length                   = 15
    require_lowercase                = false
    require_numbers                  = false
    require_symbols                  = false
    require_uppercase                = false
    temporary_password_validity_days = 3
  }

  # Somebody of the tenant makes an account; the tenant is theirs to say, and not the person's.
  admin_create_user_config {
    allow_admin_create_user_only = true
  }

  account_recovery_setting {
    recovery_mechanism {
      name     = "verified_email"
      priority = 1
    }
  }

  # The old address stays until the new one is proven.
  user_attribute_update_settings {
    attributes_require_verification_before_update = ["email"]
  }

  schema {
    name                = "email"
    attribute_data_type = "String"
    required            = true
    mutable             = true

    string_attribute_constraints {
      min_length = 3
      max_length = 254
    }
  }

  schema {
    name                = "tenant"
    attribute_data_type = "String"
    required            = false
    # By administrators: the client below can't write it.
    mutable = true

    string_attribute_constraints {
      min_length = 1
      max_length = 100
    }
  }

  dynamic "user_pool_add_ons" {
    for_each = var.cognito_tier == "PLUS" ? [1] : []

    content {
      advanced_security_mode = "ENFORCED"
    }
  }
}

resource "aws_cognito_user_group" "role" {
  for_each = toset(var.oidc_issuer == null ? local.cognito_roles : [])

  name         = each.key
  description  = "Role of the service"
  user_pool_id = aws_cognito_user_pool.main[0].id
}

resource "aws_cognito_user_pool_domain" "main" {
  count = local.cognito_count

  domain       = local.cognito_domain
  user_pool_id = aws_cognito_user_pool.main[0].id
  # The older pages: the newer ones show nothing without a branding, which this provider can't make.
  managed_login_version = 1

  lifecycle {
    precondition {
      condition     = !can(regex("aws|amazon|cognito", local.cognito_domain))
      error_message = "Cognito takes no domain with aws, amazon or cognito in it: another project name, or an oidc_issuer."
    }
  }
}

# The provider reads the secret that Cognito makes back into the state, so nobody uses it: the README puts another in its place
# (AddUserPoolClientSecret) before the service starts, and deletes it.
resource "aws_cognito_user_pool_client" "service" {
  count = local.cognito_count

  name                                 = local.name
  user_pool_id                         = aws_cognito_user_pool.main[0].id
  generate_secret                      = true
  allowed_oauth_flows_user_pool_client = true
  allowed_oauth_flows                  = ["code"]
  # Not aws.cognito.signin.user.admin, with which people change their own attributes.
  allowed_oauth_scopes          = ["openid", "profile"]
  callback_urls                 = ["https://${var.domain_name}/auth/callback"]
  logout_urls                   = ["https://${var.domain_name}/"]
  supported_identity_providers  = ["COGNITO"]
  explicit_auth_flows           = ["ALLOW_REFRESH_TOKEN_AUTH"]
  enable_token_revocation       = true
  prevent_user_existence_errors = "ENABLED"

  # custom:tenant to read and never to write: whoever could write it would be of every tenant.
  read_attributes  = ["custom:tenant", "email", "email_verified", "name"]
  write_attributes = ["email", "name"]

  # Minutes to sign in; then 15 minutes for a token, which the service renews every 10; then SESSION_ABSOLUTE_HOURS.
  auth_session_validity  = 5
  access_token_validity  = 15
  id_token_validity      = 15
  refresh_token_validity = 12

  token_validity_units {
    access_token  = "minutes"
    id_token      = "minutes"
    refresh_token = "hours"
  }
}
