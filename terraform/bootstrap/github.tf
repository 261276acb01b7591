# Whom GitHub's workflows may become here: which token (trust), and what it may do then (permissions).

variable "repository" {
  description = "The repository whose workflows deploy, as owner/name."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$", var.repository))
    error_message = "owner/name, without a wildcard."
  }
}

variable "repository_id" {
  description = "Its number, which no other repository ever gets: gh api repos/OWNER/NAME --jq .id"
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[1-9][0-9]*$", var.repository_id))
    error_message = "A number, without a wildcard."
  }
}

variable "repository_owner_id" {
  description = "The number of its owner: gh api repos/OWNER/NAME --jq .owner.id"
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[1-9][0-9]*$", var.repository_owner_id))
    error_message = "A number, without a wildcard."
  }
}

variable "oidc_provider_arn" {
  description = "GitHub's provider, where the account has it already, since it can have one alone; null to make it."
  type        = string
  default     = null

  validation {
    condition     = var.oidc_provider_arn == null || can(regex(":oidc-provider/token\\.actions\\.githubusercontent\\.com$", var.oidc_provider_arn))
    error_message = "The ARN of the provider token.actions.githubusercontent.com."
  }
}

# AWS trusts GitHub's certificate by its own list of authorities: no thumbprint.
resource "aws_iam_openid_connect_provider" "github" {
  count = var.oidc_provider_arn == null ? 1 : 0

  url            = "https://${local.issuer}"
  client_id_list = [local.audience]
}

locals {
  issuer            = "token.actions.githubusercontent.com"
  audience          = "sts.amazonaws.com"
  oidc_provider_arn = "${local.iam}:oidc-provider/${local.issuer}"
  role_path         = "/github/"

  owner        = split("/", var.repository)[0]
  name         = split("/", var.repository)[1]
  main         = "refs/heads/main"
  pull_request = "refs/pull/*/merge"
  deploy       = "${var.repository}/.github/workflows/deploy.yml"
  preview      = "${var.repository}/.github/workflows/preview.yml"

  # Which environment of GitHub a role is for, and which workflow file at which ref. A pull request gets what reads, and the account of
  # previews; `environment` of what applies is one whose branch is main alone (terraform/README.md).
  tokens = merge(
    { for each in setsubtract(var.environments, ["preview"]) : "${each}-plan" => {
      environments = ["${each}-plan"]
      refs         = [local.main, local.pull_request]
      workflows    = ["${local.deploy}@${local.main}", "${local.deploy}@${local.pull_request}"]
    } },
    { for each in setsubtract(var.environments, ["preview"]) : "${each}-apply" => {
      environments = [each]
      refs         = [local.main]
      workflows    = ["${local.deploy}@${local.main}"]
    } },
    local.is_preview ? {} : { push = {
      environments = sort(var.environments)
      refs         = [local.main]
      workflows    = ["${local.deploy}@${local.main}"]
    } },
    local.is_preview ? { preview = {
      environments = ["preview"]
      refs         = [local.pull_request]
      workflows    = ["${local.preview}@${local.pull_request}"]
    } } : {},
    # It needs no reviewer, so no pull request may have it.
    local.is_preview ? { cleanup = {
      environments = ["preview-cleanup"]
      refs         = [local.main]
      workflows    = ["${local.preview}@${local.main}"]
    } } : {},
  )

  # Every condition that STS offers for GitHub and that tells a token of ours from another:
  # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif
  # A missing claim refuses, except the owner's number: AWS announced the others in January 2026, and that one counts as soon as STS
  # shows it. Repositories made, renamed or moved since 15 July 2026 have the numbers in `sub` too, which binds the owner already:
  # https://docs.github.com/en/actions/reference/security/oidc#immutable-subject-claims
  trust = { for role, token in local.tokens : role => jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "OneWorkflowOfOneRepository"
      Effect    = "Allow"
      Principal = { Federated = local.oidc_provider_arn }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = {
        StringEquals = {
          "${local.issuer}:aud" = local.audience
          "${local.issuer}:sub" = flatten([for each in token.environments : [
            "repo:${var.repository}:environment:${each}",
            "repo:${local.owner}@${var.repository_owner_id}/${local.name}@${var.repository_id}:environment:${each}",
          ]])
          "${local.issuer}:repository_id" = var.repository_id
          "${local.issuer}:environment"   = token.environments
        }
        StringLike = {
          "${local.issuer}:ref"              = token.refs
          "${local.issuer}:job_workflow_ref" = token.workflows
        }
        StringEqualsIfExists = {
          "${local.issuer}:repository_owner_id" = var.repository_owner_id
        }
      }
    }]
  }) }
}

# Of one environment: reads what a plan compares, and the state; neither a secret nor a line of a log.
resource "aws_iam_role" "plan" {
  for_each = setsubtract(var.environments, ["preview"])

  name                 = "${local.names[each.key]}-plan"
  path                 = local.role_path
  description          = "Plans ${each.key}, on pull requests too"
  assume_role_policy   = local.trust["${each.key}-plan"]
  max_session_duration = 3600

  depends_on = [aws_iam_openid_connect_provider.github]
}

resource "aws_iam_role_policy" "plan" {
  for_each = aws_iam_role.plan

  name   = "read"
  role   = each.value.name
  policy = local.plan_permissions[each.key]
}

# Of one environment: changes it, from main alone and after its approval.
resource "aws_iam_role" "apply" {
  for_each = setsubtract(var.environments, ["preview"])

  name                 = "${local.names[each.key]}-apply"
  path                 = local.role_path
  description          = "Applies ${each.key}"
  assume_role_policy   = local.trust["${each.key}-apply"]
  max_session_duration = 7200

  depends_on = [aws_iam_openid_connect_provider.github]
}

resource "aws_iam_role_policy_attachment" "apply" {
  for_each = { for pair in setproduct(keys(aws_iam_role.apply), local.apply_parts) : join("-", pair) => pair }

  role       = aws_iam_role.apply[each.value[0]].name
  policy_arn = aws_iam_policy.apply[each.key].arn
}

# Puts a release into the registry, and can do nothing else.
resource "aws_iam_role" "push" {
  count = local.is_preview ? 0 : 1

  name                 = "${var.project}-push"
  path                 = local.role_path
  description          = "Copies released images into the registry"
  assume_role_policy   = local.trust["push"]
  max_session_duration = 3600

  depends_on = [aws_iam_openid_connect_provider.github]
}

resource "aws_iam_role_policy" "push" {
  count = length(aws_iam_role.push)

  name   = "push"
  role   = aws_iam_role.push[0].name
  policy = local.push_permissions
}

# Makes previews in the account that holds nothing else: what a reviewer lets a pull request do.
resource "aws_iam_role" "preview" {
  count = local.is_preview ? 1 : 0

  name                 = "${var.project}-preview"
  path                 = local.role_path
  description          = "Makes the environments of pull requests"
  assume_role_policy   = local.trust["preview"]
  max_session_duration = 7200

  depends_on = [aws_iam_openid_connect_provider.github]
}

resource "aws_iam_role_policy_attachment" "preview" {
  for_each = local.is_preview ? toset(local.apply_parts) : toset([])

  role       = aws_iam_role.preview[0].name
  policy_arn = aws_iam_policy.apply["preview-${each.key}"].arn
}

resource "aws_iam_role_policy" "preview_push" {
  count = length(aws_iam_role.preview)

  name   = "push"
  role   = aws_iam_role.preview[0].name
  policy = local.push_permissions
}

# Removes them, from main alone.
resource "aws_iam_role" "cleanup" {
  count = local.is_preview ? 1 : 0

  name                 = "${var.project}-cleanup"
  path                 = local.role_path
  description          = "Removes the environments of pull requests"
  assume_role_policy   = local.trust["cleanup"]
  max_session_duration = 7200

  depends_on = [aws_iam_openid_connect_provider.github]
}

resource "aws_iam_role_policy_attachment" "cleanup" {
  for_each = local.is_preview ? toset(local.apply_parts) : toset([])

  role       = aws_iam_role.cleanup[0].name
  policy_arn = aws_iam_policy.apply["preview-${each.key}"].arn
}
