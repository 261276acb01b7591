# What bootstrap would make, and what it refuses, offline. One run for all that holds of an ordinary account, since each costs seconds.
# The trust policies are those of trust.json, which .github/terraform/trust.test.ts holds against tokens.

mock_provider "aws" {
  # Nothing is applied, since what has prevent_destroy could not be taken away again.
  override_during = plan

  override_data {
    target = data.aws_caller_identity.current
    values = { account_id = "111122223333" }
  }

  override_data {
    target = data.aws_partition.current
    values = { partition = "aws" }
  }

  mock_resource "aws_kms_key" {
    defaults = { arn = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab" }
  }

  mock_resource "aws_s3_bucket" {
    defaults = { arn = "arn:aws:s3:::stockade-state-111122223333-eu-central-1" }
  }

  mock_resource "aws_iam_policy" {
    defaults = { arn = "arn:aws:iam::111122223333:policy/github/stockade-boundary" }
  }

  mock_resource "aws_ecr_repository" {
    defaults = {
      arn            = "arn:aws:ecr:eu-central-1:111122223333:repository/stockade"
      repository_url = "111122223333.dkr.ecr.eu-central-1.amazonaws.com/stockade"
    }
  }
}

variables {
  region              = "eu-central-1"
  environments        = ["staging", "production"]
  repository          = "octo-org/stockade"
  repository_id       = "456789"
  repository_owner_id = "123456"
  domain_names        = { staging = "staging.example.com", production = "shop.example.com" }
}

run "staging_and_production" {
  command = plan

  assert {
    condition = {
      for role, policy in local.trust : role => jsondecode(policy)
    } == { for role, policy in jsondecode(file("trust.json")) : role => policy if !contains(["cleanup", "preview"], role) }
    error_message = "Write trust.json anew, and look at what .github/terraform/trust.test.ts says of it: ${jsonencode({ for role, policy in local.trust : role => jsondecode(policy) })}"
  }

  assert {
    condition     = aws_iam_role.apply["production"].assume_role_policy == local.trust["production-apply"] && aws_iam_role.plan["staging"].assume_role_policy == local.trust["staging-plan"] && aws_iam_role.push[0].assume_role_policy == local.trust["push"]
    error_message = "A role has another trust than its own."
  }

  assert {
    condition     = length(aws_iam_role.preview) + length(aws_iam_role.cleanup) == 0
    error_message = "Previews belong into an account of their own."
  }

  assert {
    condition     = aws_s3_bucket_versioning.state.versioning_configuration[0].status == "Enabled"
    error_message = "The state has to be versioned."
  }

  assert {
    condition     = one(one(aws_s3_bucket_server_side_encryption_configuration.state.rule).apply_server_side_encryption_by_default).sse_algorithm == "aws:kms"
    error_message = "The state has to be encrypted with its own key."
  }

  assert {
    condition     = alltrue([aws_s3_bucket_public_access_block.state.block_public_acls, aws_s3_bucket_public_access_block.state.block_public_policy, aws_s3_bucket_public_access_block.state.ignore_public_acls, aws_s3_bucket_public_access_block.state.restrict_public_buckets])
    error_message = "The state must not be public."
  }

  assert {
    condition     = anytrue([for each in jsondecode(aws_s3_bucket_policy.state.policy).Statement : each.Effect == "Deny" && try(each.Condition.Bool["aws:SecureTransport"], "") == "false"])
    error_message = "The state has to be refused without TLS."
  }

  assert {
    condition     = aws_ecr_repository.service.image_tag_mutability == "IMMUTABLE" && aws_ecr_repository.service.image_scanning_configuration[0].scan_on_push && aws_ecr_repository.service.encryption_configuration[0].encryption_type == "KMS"
    error_message = "Images have to be immutable, scanned and encrypted."
  }

  # IAM's limits: 6,144 characters for a managed policy, 10,240 for all inline ones of a role; whitespace does not count.
  assert {
    condition     = alltrue([for each in concat(values(aws_iam_policy.apply), [aws_iam_policy.boundary]) : length(each.policy) <= 6144])
    error_message = "A managed policy is longer than IAM takes: ${join(", ", [for each in values(aws_iam_policy.apply) : "${each.name} ${length(each.policy)}"])}"
  }

  assert {
    condition     = alltrue([for each in concat(values(aws_iam_role_policy.plan), aws_iam_role_policy.push) : length(each.policy) <= 10240])
    error_message = "An inline policy is longer than IAM takes."
  }

  assert {
    condition     = alltrue([for policy in values(local.plan_permissions) : alltrue([for each in jsondecode(policy).Statement : each.Effect == "Deny" || alltrue([for action in flatten([each.Action]) : !can(regex("(?i)(^\\*|:\\*|GetSecretValue|GetParameter|GetLogEvents|FilterLogEvents|:Put[^O]|:Create|:Delete|:Update|:Attach|PassRole|AssumeRole)", action))])])])
    error_message = "The role that plans may do more than read."
  }

  assert {
    condition     = alltrue([for policy in values(local.plan_permissions) : alltrue([for each in jsondecode(policy).Statement : each.Effect == "Deny" || !anytrue([for action in flatten([each.Action]) : can(regex("^(kms:(Decrypt|Generate)|s3:(GetObject|PutObject))", action))]) || try(each.Resource, "") != "*" && (each.Sid != "UseTheKeyOfTheState" || can(each.Condition["ForAnyValue:StringEquals"]["kms:ResourceAliases"]))])])
    error_message = "Keys and objects are opened by name alone."
  }

  assert {
    condition     = alltrue([for denied in ["secretsmanager:GetSecretValue", "logs:GetLogEvents", "rds-db:connect"] : alltrue([for policy in values(local.plan_permissions) : anytrue([for each in jsondecode(policy).Statement : each.Effect == "Deny" && contains(flatten([each.Action]), denied)])])])
    error_message = "What the role that plans must never read has to be denied to it."
  }

  assert {
    condition     = alltrue([for environment in var.environments : anytrue([for each in local.apply[environment].roles : each.Effect == "Deny" && each.Action == "iam:*" && contains(flatten([each.Resource]), "arn:aws:iam::111122223333:role/github/*") && contains(flatten([each.Resource]), "arn:aws:iam::111122223333:policy/github/*")])])
    error_message = "It must not change the roles of the workflows, or the boundary."
  }

  assert {
    condition     = alltrue([for environment in var.environments : alltrue([for each in local.apply[environment].roles : each.Effect == "Deny" || !contains(flatten([each.Action]), "iam:CreateRole") || try(each.Condition.StringEquals["iam:PermissionsBoundary"], "") == local.boundary_arn])])
    error_message = "A role that it makes has to be within the boundary."
  }

  assert {
    condition     = alltrue([for environment in var.environments : alltrue([for each in flatten(values(local.apply[environment])) : each.Effect == "Deny" || !anytrue([for action in flatten([each.Action]) : contains(["*", "iam:*", "s3:*", "kms:*", "ec2:*", "secretsmanager:*", "sts:*"], action)])])])
    error_message = "It has a whole service that it does not need."
  }

  assert {
    condition     = alltrue([for environment in var.environments : alltrue([for each in flatten(values(local.apply[environment])) : each.Effect == "Deny" || !strcontains(jsonencode(each.Resource), environment == "staging" ? "production" : "staging")])])
    error_message = "One environment's role reaches another environment."
  }

  # What has no name of the environment's: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-resourcetag
  assert {
    condition = alltrue([for environment in var.environments : [for each in local.apply[environment].unnamed : each if each.Sid == "NotOfAnother"] == [{
      Sid    = "NotOfAnother", Effect = "Deny", Resource = "*"
      Action = ["acm:*", "application-autoscaling:*", "aps:*", "backup:*", "cognito-idp:*", "ec2:*"]
      Condition = {
        Null          = { "aws:ResourceTag/Environment" = "false" }
        StringNotLike = { "aws:ResourceTag/Environment" = environment }
      }
    }]])
    error_message = "It may change what has another environment's tag."
  }

  assert {
    condition = alltrue([for environment in var.environments : alltrue([for each in local.apply[environment].unnamed : each.Effect == "Deny" || alltrue([for action in flatten([each.Action]) :
      contains(["Keys", "TagNewKeys", "Aliases", "KeysThroughServices", "WithoutResource", "Names", "NamesOfEndpoints"], each.Sid) || contains(local.tagged, split(":", action)[0]) || can(each.Condition.StringLike["aws:RequestTag/Environment"])
    ])])])
    error_message = "What has a number for a name is bounded by nothing that tells environments apart."
  }

  assert {
    condition     = alltrue([for environment, names in { staging = ["staging.example.com", "_*.staging.example.com"], production = ["shop.example.com", "_*.shop.example.com"] } : one([for each in local.apply[environment].unnamed : each.Condition["ForAllValues:StringLike"]["route53:ChangeResourceRecordSetsNormalizedRecordNames"] if each.Sid == "Names"]) == tolist(names)])
    error_message = "It may change the records of another name."
  }

  # Of what takes no resource, none is in a statement that names some: policies/terraform/grants_take_effect.rego.
  assert {
    condition = alltrue([for environment in var.environments : alltrue([for needed in ["ecs:RegisterTaskDefinition", "sns:Unsubscribe", "sns:SetSubscriptionAttributes", "acm:RequestCertificate", "cognito-idp:CreateUserPool"] :
      [for each in flatten(values(local.apply[environment])) : each.Resource if each.Effect == "Allow" && contains(flatten([each.Action]), needed)] == ["*"]
    ])])
    error_message = "A deployment needs what its role may not."
  }

  # https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html, https://docs.aws.amazon.com/aws-backup/latest/devguide/create-a-vault.html
  assert {
    condition     = alltrue([for environment in var.environments : alltrue([for needed in ["route53:AssociateVPCWithHostedZone", "kms:RetireGrant", "backup-storage:MountCapsule"] : anytrue([for each in local.apply[environment].unnamed : each.Effect == "Allow" && contains(flatten([each.Action]), needed)])])])
    error_message = "It can make neither an endpoint nor a vault."
  }

  assert {
    condition     = !anytrue([for environment in var.environments : anytrue([for each in flatten(values(local.apply[environment])) : each.Effect == "Allow" && length(setintersection(flatten([each.Action]), ["backup:DeleteRecoveryPoint", "s3:DeleteObjectVersion", "s3:BypassGovernanceRetention"])) > 0])])
    error_message = "Only a preview takes its backups and logs with it."
  }
}

run "a_role_of_an_environment_without_a_domain_changes_any_record" {
  command = plan

  variables {
    domain_names = {}
  }

  assert {
    condition     = alltrue([for environment in var.environments : one([for each in local.apply[environment].unnamed : keys(each.Condition) if each.Sid == "Names"]) == ["ForAllValues:StringEquals", "Null"]])
    error_message = "It is bounded by a name that nobody gave."
  }
}

run "previews_have_an_account_of_their_own" {
  command = plan

  variables {
    environments = ["preview"]
    domain_names = { preview = "preview.example.com" }
  }

  assert {
    condition     = one([for each in local.apply.preview.unnamed : each.Condition if each.Sid == "NotOfAnother"]).StringNotLike == { "aws:ResourceTag/Environment" = "preview-*" } && one([for each in local.apply.preview.unnamed : each.Condition["ForAllValues:StringLike"]["route53:ChangeResourceRecordSetsNormalizedRecordNames"] if each.Sid == "Names"]) == tolist(["*.preview.example.com"])
    error_message = "It reaches what is no preview's."
  }

  # Before a vault goes, the provider lists what is in it and deletes that: force_destroy in backup.tf.
  assert {
    condition     = { for each in local.apply.preview.named : each.Sid => [each.Action, each.Resource] if contains(["FindSnapshots", "EmptyVaults"], each.Sid) } == { FindSnapshots = ["backup:ListRecoveryPointsByBackupVault", "arn:aws:backup:eu-central-1:111122223333:backup-vault:stockade-preview*"], EmptyVaults = ["backup:DeleteRecoveryPoint", "arn:aws:rds:eu-central-1:111122223333:snapshot:awsbackup:*"] }
    error_message = "A preview that lived through a night can't be destroyed."
  }

  assert {
    condition     = jsondecode(aws_iam_role.preview[0].assume_role_policy) == jsondecode(file("trust.json")).preview && jsondecode(aws_iam_role.cleanup[0].assume_role_policy) == jsondecode(file("trust.json")).cleanup
    error_message = "Write trust.json anew: ${local.trust.preview} ${local.trust.cleanup}"
  }

  assert {
    condition     = length(aws_iam_role.plan) + length(aws_iam_role.apply) + length(aws_iam_role.push) == 0
    error_message = "In the account of previews there is a role that makes them and one that removes them."
  }
}

run "previews_share_no_account" {
  command = plan

  variables {
    environments = ["production", "preview"]
    domain_names = {}
  }

  expect_failures = [var.environments]
}

run "bounds" {
  command = plan

  variables {
    project             = "X"
    region              = "europe"
    environments        = ["production", "qa"]
    repository          = "octo-org/*"
    repository_id       = "*"
    repository_owner_id = ""
    state_version_days  = 7
    plan_days           = 60
    images_kept         = 3
    oidc_provider_arn   = "arn:aws:iam::111122223333:oidc-provider/gitlab.example"
  }

  expect_failures = [
    var.project, var.region, var.environments, var.repository, var.repository_id, var.repository_owner_id, var.state_version_days, var.plan_days,
    var.images_kept, var.oidc_provider_arn,
  ]
}

run "domains_of_no_environment_and_in_another_form_are_refused" {
  command = plan

  variables {
    domain_names = { preview = "Shop.example.com." }
  }

  expect_failures = [var.domain_names]
}

run "the_account_may_have_the_provider_already" {
  command = plan

  variables {
    oidc_provider_arn = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"
  }

  assert {
    condition     = length(aws_iam_openid_connect_provider.github) == 0
    error_message = "A second provider for the same issuer is refused by AWS."
  }
}
