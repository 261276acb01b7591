# The encryption keys, one for each purpose, so that who may read logs may not read people. Nobody gets `kms:*`: the account's
# administrators (who need IAM's consent besides) manage keys, and use them only through the service that each key is for.
# https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
# The policies are written as JSON out of what is known beforehand, so that a plan shows all of them.
variable "key_rotation_days" {
  description = "Days after which AWS makes new key material; what older material encrypted stays readable."
  type        = number
  default     = 365
  nullable    = false

  validation {
    condition     = var.key_rotation_days >= 90 && var.key_rotation_days <= 730 && floor(var.key_rotation_days) == var.key_rotation_days
    error_message = "key_rotation_days is a whole number from 90 to 730: more than two years is no rotation."
  }
}

locals {
  key_account = { AWS = "arn:${local.partition}:iam::${local.account_id}:root" }

  # Whoever may change the policy could let himself in; that change stands in CloudTrail.
  key_administration = {
    Sid       = "Administration"
    Effect    = "Allow"
    Principal = local.key_account
    Action = [
      "kms:CancelKeyDeletion",
      "kms:CreateAlias",
      "kms:DeleteAlias",
      "kms:DescribeKey",
      "kms:DisableKey",
      "kms:DisableKeyRotation",
      "kms:EnableKey",
      "kms:EnableKeyRotation",
      "kms:GetKeyPolicy",
      "kms:GetKeyRotationStatus",
      "kms:ListAliases",
      "kms:ListGrants",
      "kms:ListKeyPolicies",
      "kms:ListKeyRotations",
      "kms:ListResourceTags",
      "kms:PutKeyPolicy",
      "kms:RetireGrant",
      "kms:RevokeGrant",
      "kms:RotateKeyOnDemand",
      "kms:ScheduleKeyDeletion",
      "kms:TagResource",
      "kms:UntagResource",
      "kms:UpdateAlias",
      "kms:UpdateKeyDescription",
    ]
    Resource = "*"
  }

  # Principals of the account whom IAM allows it, only through these services: an administrator can't decrypt by hand.
  key_services = {
    logs     = ["aps.${var.region}.${local.dns_suffix}"]
    database = ["backup.${var.region}.${local.dns_suffix}", "elasticache.${var.region}.${local.dns_suffix}", "rds.${var.region}.${local.dns_suffix}"]
    secrets  = ["rds.${var.region}.${local.dns_suffix}", "secretsmanager.${var.region}.${local.dns_suffix}"]
  }

  key_use = { for key, services in local.key_services : key => [
    {
      Sid       = "UseThroughServices"
      Effect    = "Allow"
      Principal = local.key_account
      Action    = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptFrom", "kms:ReEncryptTo"]
      Resource  = "*"
      Condition = {
        StringEquals = {
          "kms:CallerAccount" = local.account_id
          "kms:ViaService"    = services
        }
      }
    },
    {
      Sid       = "GrantsToServices"
      Effect    = "Allow"
      Principal = local.key_account
      Action    = ["kms:CreateGrant"]
      Resource  = "*"
      Condition = {
        Bool = { "kms:GrantIsForAWSResource" = "true" }
        StringEquals = {
          "kms:CallerAccount" = local.account_id
          "kms:ViaService"    = services
        }
      }
    },
  ] }
}

# Log groups, alarms, metrics. Log groups have the environment's name in theirs, else they can't be encrypted with it.
resource "aws_kms_key" "logs" {
  description             = "${local.name}: logs, alarms, metrics"
  enable_key_rotation     = true
  rotation_period_in_days = var.key_rotation_days
  deletion_window_in_days = 30

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat([
      local.key_administration,
      {
        # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
        Sid       = "CloudWatchLogs"
        Effect    = "Allow"
        Principal = { Service = "logs.${var.region}.${local.dns_suffix}" }
        Action    = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptFrom", "kms:ReEncryptTo"]
        Resource  = "*"
        Condition = {
          ArnLike = { "kms:EncryptionContext:aws:logs:arn" = "arn:${local.partition}:logs:${var.region}:${local.account_id}:log-group:*${local.name}*" }
        }
      },
      {
        # Who publishes to the topic of the alarms.
        # https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html#compatibility-with-aws-services
        Sid       = "Alarms"
        Effect    = "Allow"
        Principal = { Service = ["aps.amazonaws.com", "cloudwatch.amazonaws.com"] }
        Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource  = "*"
        Condition = {
          StringEquals = { "aws:SourceAccount" = local.account_id }
        }
      },
      {
        # EventBridge says neither account nor rule when it publishes to an encrypted topic, as the same page has it: with a condition a
        # failed rollout, a failover and a failed backup would be heard of by nobody. Whose rules may publish, the topic's policy says.
        Sid       = "Events"
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource  = "*"
      },
    ], local.key_use.logs)
  })

  tags = { Name = "${local.name}-logs" }
}

# The database, its snapshots and backups, the cache.
resource "aws_kms_key" "database" {
  description             = "${local.name}: database, backups, cache"
  enable_key_rotation     = true
  rotation_period_in_days = var.key_rotation_days
  deletion_window_in_days = 30

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = concat([local.key_administration], local.key_use.database)
  })

  tags = { Name = "${local.name}-database" }
}

# Secrets Manager, with the master password that RDS keeps there.
resource "aws_kms_key" "secrets" {
  description             = "${local.name}: secrets"
  enable_key_rotation     = true
  rotation_period_in_days = var.key_rotation_days
  deletion_window_in_days = 30

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = concat([local.key_administration], local.key_use.secrets)
  })

  tags = { Name = "${local.name}-secrets" }
}

# PRIVACY_KMS_KEY. It wraps the service's keys, and they the key of every person: the running service opens it, and nobody else.
# Without it every person is erased and no audit trail can be verified, hence the 30 days.
resource "aws_kms_key" "personal_data" {
  description             = "${local.name}: keys of people"
  enable_key_rotation     = true
  rotation_period_in_days = var.key_rotation_days
  deletion_window_in_days = 30

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      local.key_administration,
      {
        Sid       = "Service"
        Effect    = "Allow"
        Principal = { AWS = "arn:${local.partition}:iam::${local.account_id}:role/${aws_iam_role.task.name}" }
        Action    = ["kms:Decrypt", "kms:Encrypt"]
        Resource  = "*"
        Condition = {
          # What app/privacy/service-keys.ts says with every call: a wrapped key can't be passed off as another one.
          Null = {
            "kms:EncryptionContext:id"      = "false"
            "kms:EncryptionContext:purpose" = "false"
          }
        }
      },
    ]
  })

  tags = { Name = "${local.name}-personal-data" }
}

resource "aws_kms_alias" "logs" {
  name          = "alias/${local.name}-logs"
  target_key_id = aws_kms_key.logs.key_id
}

resource "aws_kms_alias" "database" {
  name          = "alias/${local.name}-database"
  target_key_id = aws_kms_key.database.key_id
}

resource "aws_kms_alias" "secrets" {
  name          = "alias/${local.name}-secrets"
  target_key_id = aws_kms_key.secrets.key_id
}

resource "aws_kms_alias" "personal_data" {
  name          = "alias/${local.name}-personal-data"
  target_key_id = aws_kms_key.personal_data.key_id
}
