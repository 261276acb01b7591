# Who people are, and the secret that goes with it: offline, with AWS mocked.
mock_provider "aws" {
  source = "./mocks"
}

variables {
  environment      = "production"
  region           = "eu-central-1"
  repository       = "example/stockade"
  domain_name      = "shop.example.com"
  zone_id          = "Z0123456789ABCDEFGHIJ"
  image            = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/stockade@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
  security_contact = "mailto:security@example.com"
  alarm_emails     = ["ops@example.com"]
}

run "cognito_takes_two_factors_and_nobody_makes_himself_an_account_or_a_tenant" {
  assert {
    condition     = aws_cognito_user_pool.main[0].mfa_configuration == "ON" && aws_cognito_user_pool.main[0].software_token_mfa_configuration[0].enabled && length(aws_cognito_user_pool.main[0].sms_configuration) == 0
    error_message = "One factor is enough, or a text message is one."
  }

  assert {
    condition     = aws_cognito_user_pool.main[0].admin_create_user_config[0].allow_admin_create_user_only && aws_cognito_user_pool.main[0].deletion_protection == "ACTIVE"
    error_message = "Anybody makes an account, or one call deletes all of them."
  }

  assert {
    condition     = aws_cognito_user_pool.main[0].password_policy[0].minimum_length >= 15
    error_message = "ASVS 6.2.1 wants 8 and recommends 15."
  }

  assert {
    condition     = !contains(aws_cognito_user_pool_client.service[0].write_attributes, "custom:tenant") && contains(aws_cognito_user_pool_client.service[0].read_attributes, "custom:tenant") && !contains(aws_cognito_user_pool_client.service[0].allowed_oauth_scopes, "aws.cognito.signin.user.admin")
    error_message = "People can write their own tenant, or the service can't read it."
  }

  assert {
    condition     = aws_cognito_user_pool_client.service[0].allowed_oauth_flows == toset(["code"]) && aws_cognito_user_pool_client.service[0].generate_secret && aws_cognito_user_pool_client.service[0].prevent_user_existence_errors == "ENABLED" && aws_cognito_user_pool_client.service[0].enable_token_revocation
    error_message = "Another flow than the code's, or it tells who has an account."
  }

  assert {
    condition     = aws_cognito_user_pool_client.service[0].explicit_auth_flows == toset(["ALLOW_REFRESH_TOKEN_AUTH"])
    error_message = "Passwords can be tried by an API, beside the pages."
  }

  assert {
    condition     = aws_cognito_user_pool_client.service[0].callback_urls == toset(["https://shop.example.com/auth/callback"]) && strcontains(file("../app/identity/sign-in.ts"), "'/auth/callback'")
    error_message = "The code would go elsewhere."
  }

  assert {
    condition     = join(", ", [for role in local.cognito_roles : "'${role}'"]) == regex("ROLES = \\[(.*)\\]", file("../app/feature.ts"))[0] && toset(keys(aws_cognito_user_group.role)) == toset(local.cognito_roles)
    error_message = "The groups are not the roles of app/feature.ts."
  }

  assert {
    condition     = local.container_environment.OIDC_TOKEN_PROFILE == "cognito" && local.container_environment.OIDC_TENANT_CLAIM == "custom:tenant" && local.container_environment.OIDC_ROLES_CLAIM == "cognito:groups" && local.container_environment.OIDC_AUDIENCE == aws_cognito_user_pool_client.service[0].id && local.container_environment.SIGN_IN_FACTORS == "1"
    error_message = "The service reads its tokens otherwise than Cognito writes them."
  }

  assert {
    condition     = local.container_environment.OIDC_ISSUER == "https://${aws_cognito_user_pool.main[0].endpoint}" && local.container_environment.OIDC_ORIGINS == "https://${aws_cognito_user_pool_domain.main[0].domain}.auth.eu-central-1.amazoncognito.com"
    error_message = "The service asks elsewhere."
  }

  assert {
    condition     = length(aws_cognito_user_pool.main[0].user_pool_add_ons) == 0
    error_message = "Threat protection is of the plan PLUS alone: AWS refuses it elsewhere."
  }

  assert {
    condition     = aws_secretsmanager_secret.oidc_client.kms_key_id == aws_kms_key.secrets.arn && aws_secretsmanager_secret.oidc_client.recovery_window_in_days == 30 && aws_secretsmanager_secret_policy.oidc_client.block_public_policy
    error_message = "The secret is encrypted with another key, gone at once, or open."
  }

  assert {
    condition     = data.aws_iam_policy_document.oidc_client.statement[0].effect == "Deny" && one(data.aws_iam_policy_document.oidc_client.statement[0].condition).values == tolist([aws_iam_role.execution.arn])
    error_message = "Others may read it."
  }
}

run "an_issuer_that_is_given_takes_its_place" {
  command = plan

  variables {
    oidc_issuer    = "https://login.example.com/realms/shop"
    oidc_client_id = "stockade"
    oidc_settings  = { OIDC_TOKEN_PROFILE = "keycloak", OIDC_ROLES_CLAIM = "realm_access.roles" }
  }

  assert {
    condition     = length(aws_cognito_user_pool.main) + length(aws_cognito_user_pool_client.service) + length(aws_cognito_user_pool_domain.main) + length(aws_cognito_user_group.role) == 0
    error_message = "Something of Cognito's is made besides."
  }

  assert {
    condition     = local.oidc_settings == tomap({ OIDC_ISSUER = "https://login.example.com/realms/shop", OIDC_CLIENT_ID = "stockade", OIDC_AUDIENCE = "https://shop.example.com/api", OIDC_TOKEN_PROFILE = "keycloak", OIDC_ROLES_CLAIM = "realm_access.roles" })
    error_message = "The service is told of another provider."
  }

  assert {
    condition     = output.user_pool_id == null && output.oidc_issuer == "https://login.example.com/realms/shop" && output.oidc_redirect_uri == "https://shop.example.com/auth/callback"
    error_message = "The operator is told of another provider."
  }
}

run "an_issuer_without_tls_is_refused" {
  command = plan

  variables {
    oidc_issuer    = "http://login.example.com"
    oidc_client_id = "stockade"
  }

  expect_failures = [var.oidc_issuer]
}

run "an_issuer_without_a_client_and_a_secret_among_its_settings_are_refused" {
  command = plan

  variables {
    oidc_issuer   = "https://login.example.com"
    oidc_settings = { OIDC_CLIENT_SECRET = "never-here" }
  }

  expect_failures = [var.oidc_client_id, var.oidc_settings]
}

run "settings_of_a_provider_for_cognito_are_refused" {
  command = plan

  variables {
    oidc_settings = { OIDC_SCOPE = "openid" }
    cognito_tier  = "FREE"
  }

  expect_failures = [var.oidc_settings, var.cognito_tier]
}
