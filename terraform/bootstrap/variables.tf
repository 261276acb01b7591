# What several files read. A variable of one file alone stands at the top of that file.

variable "project" {
  description = "First part of every name; the same as in the main root."
  type        = string
  default     = "stockade"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,18}[a-z0-9]$", var.project))
    error_message = "3 to 20 lower-case letters, digits and hyphens, beginning with a letter."
  }
}

variable "region" {
  description = "AWS region of the state, the registry and the environments, such as eu-central-1."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "The name of a region, such as eu-central-1."
  }
}

variable "environments" {
  description = "Environments that this account holds: staging, production or both; or preview alone, since that account runs the code of pull requests."
  type        = set(string)
  nullable    = false

  validation {
    condition     = length(var.environments) > 0 && length(setsubtract(var.environments, ["staging", "production", "preview"])) == 0
    error_message = "One or more of staging, production, preview."
  }

  validation {
    condition     = !contains(var.environments, "preview") || length(var.environments) == 1
    error_message = "preview has an account of its own: what a pull request runs there must not reach another environment."
  }
}

variable "domain_names" {
  description = "The domain_name of each environment; of previews the one that theirs are below. Its role changes no other record; one that is not named here may change any."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = length(setsubtract(keys(var.domain_names), var.environments)) == 0
    error_message = "domain_names are of environments that this account holds."
  }

  validation {
    # As Route 53 normalises a name: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/specifying-rrset-conditions.html
    condition     = alltrue([for domain in values(var.domain_names) : can(regex("^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]{2,}$", domain))])
    error_message = "domain_names are in lower case, without a dot at the end or a wildcard."
  }
}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  account_id   = data.aws_caller_identity.current.account_id
  partition    = data.aws_partition.current.partition
  state_bucket = "${var.project}-state-${local.account_id}-${var.region}"
  is_preview   = contains(var.environments, "preview")

  # "arn:aws:iam::111122223333": the first half of every ARN of IAM.
  iam = "arn:${local.partition}:iam::${local.account_id}"

  # How the names of an environment's resources begin; a preview has its number behind it (preview-123).
  names = { for environment in var.environments : environment => "${var.project}-${environment}" }
}
