# What several files read. A variable that concerns one file alone stands at the top of that file.
variable "project" {
  description = "First part of every name, so that several services can share an account."
  type        = string
  default     = "stockade"
  nullable    = false

  validation {
    # A load balancer's name ends at 32 characters, and "-preview-123456" takes 15 of them.
    condition     = can(regex("^[a-z][a-z0-9-]{1,15}[a-z0-9]$", var.project)) && !strcontains(var.project, "--")
    error_message = "project is 3 to 17 lower-case letters, digits and single hyphens, and begins with a letter."
  }
}

variable "environment" {
  description = "Which of the environments this is: staging, production, or preview-N for pull request N."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^(staging|production|preview-[0-9]{1,6})$", var.environment))
    error_message = "environment is staging, production or preview-N, N being the pull request's number."
  }
}

variable "region" {
  description = "AWS region of everything here, such as eu-central-1."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region is the code of an AWS region, such as eu-central-1."
  }
}

variable "repository" {
  description = "GitHub repository that deploys this, as owner/name; a tag of every resource."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100}$", var.repository))
    error_message = "repository is owner/name."
  }
}

variable "domain_name" {
  description = "Fully qualified domain name at which the service answers."
  type        = string
  nullable    = false

  validation {
    # 64 is the longest common name of a certificate.
    condition     = can(regex("^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]{2,63}$", var.domain_name)) && length(var.domain_name) <= 64
    error_message = "domain_name is a lower-case name with a dot in it, without scheme or path, of at most 64 characters."
  }
}

variable "zone_id" {
  description = "Id of the public Route 53 hosted zone that domain_name lies in."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^Z[A-Z0-9]{7,31}$", var.zone_id))
    error_message = "zone_id is the id of a hosted zone: Z and capital letters or digits."
  }
}

variable "availability_zone_count" {
  description = "Number of availability zones: how many of them hold a subnet of each kind, and so can hold a task."
  type        = number
  default     = 3
  nullable    = false

  validation {
    condition     = contains([2, 3], var.availability_zone_count)
    error_message = "availability_zone_count is 2 or 3: one zone is one fire away from an outage."
  }
}

variable "deletion_protection" {
  description = "Whether AWS refuses to delete what holds data or traffic (database, load balancer, user pool, logs) until this is false."
  type        = bool
  default     = true
  nullable    = false
}

variable "log_retention_days" {
  description = "Days for which logs are kept, in CloudWatch and in the log bucket."
  type        = number
  default     = 365
  nullable    = false

  validation {
    # https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
    condition     = contains([7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096], var.log_retention_days)
    error_message = "log_retention_days is one that CloudWatch knows, from 7 to 1096: 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731 or 1096."
  }
}

variable "permissions_boundary" {
  description = "ARN of the policy that bounds every role made here (bootstrap/ prints it), or null for none."
  type        = string
  default     = null

  validation {
    condition     = var.permissions_boundary == null || can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:policy/.+$", var.permissions_boundary))
    error_message = "permissions_boundary is the ARN of a policy of an account, or null."
  }
}
