# Snapshots of the database in a vault of their own, which outlive the instance and, once locked, no administrator deletes. To restore
# to a moment RDS's own backups serve (database.tf). Both hold the keys of people: 30 days at most, which the lock imposes too.

variable "backup_days" {
  description = "How long a snapshot is kept, in days. Never above 30: an erased person's key must be gone by then."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.backup_days >= 7 && var.backup_days <= 30 && floor(var.backup_days) == var.backup_days
    error_message = "backup_days is a whole number between 7 and 30: less is no backup, more keeps the keys of people who were erased."
  }
}

variable "backup_vault_lock" {
  description = <<-EOT
    Who may delete a snapshot before its time, or keep one longer: "none" (who may administer the vault), "governance" (who may take the
    lock away first), "compliance" (nobody, not even AWS, once three days have passed: such a vault goes only when it is empty).
  EOT
  type        = string
  default     = "governance"
  nullable    = false

  validation {
    condition     = contains(["none", "governance", "compliance"], var.backup_vault_lock)
    error_message = "backup_vault_lock is none, governance or compliance."
  }

  validation {
    condition     = var.environment != "production" || var.backup_vault_lock != "none"
    error_message = "Production needs a backup_vault_lock: governance or compliance."
  }
}

variable "backup_copy_vault_arn" {
  description = "Vault in another region or account that gets a copy of each snapshot, for as long; null for none. It has to let this account copy into it."
  type        = string
  default     = null

  validation {
    condition     = var.backup_copy_vault_arn == null || can(regex("^arn:aws[a-z-]*:backup:[a-z0-9-]+:[0-9]{12}:backup-vault:[A-Za-z0-9_-]+$", var.backup_copy_vault_arn))
    error_message = "backup_copy_vault_arn is the ARN of a backup vault, or null."
  }
}

resource "aws_backup_vault" "main" {
  name        = local.name
  kms_key_arn = aws_kms_key.database.arn

  # A vault with snapshots in it stays, unless the environment is one to be thrown away.
  force_destroy = !var.deletion_protection
}

# https://docs.aws.amazon.com/aws-backup/latest/devguide/vault-lock.html
resource "aws_backup_vault_lock_configuration" "main" {
  count = var.backup_vault_lock == "none" ? 0 : 1

  backup_vault_name   = aws_backup_vault.main.name
  min_retention_days  = var.backup_days
  max_retention_days  = 30
  changeable_for_days = var.backup_vault_lock == "compliance" ? 3 : null
}

resource "aws_backup_plan" "main" {
  name = local.name

  # Snapshots alone: a continuous backup would take the database's own retention over, and differ from database.tf ever after.
  # 06:00 UTC is outside the windows of RDS and the hour before them, in which a job fails.
  rule {
    rule_name         = "daily"
    target_vault_name = aws_backup_vault.main.name
    schedule          = "cron(0 6 * * ? *)"
    start_window      = 60
    completion_window = 480

    lifecycle {
      delete_after = var.backup_days
    }

    dynamic "copy_action" {
      for_each = var.backup_copy_vault_arn == null ? [] : [var.backup_copy_vault_arn]

      content {
        destination_vault_arn = copy_action.value

        lifecycle {
          delete_after = var.backup_days
        }
      }
    }
  }
}

resource "aws_backup_selection" "main" {
  name         = local.name
  plan_id      = aws_backup_plan.main.id
  iam_role_arn = aws_iam_role.backup.arn
  resources    = [aws_db_instance.main.arn]

  depends_on = [aws_iam_role_policy.backup]
}

resource "aws_iam_role" "backup" {
  name                 = "${local.name}-backup"
  description          = "Lets AWS Backup take snapshots of this environment's database"
  permissions_boundary = var.permissions_boundary

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "backup.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = local.account_id } }
    }]
  })
}

# What an RDS instance needs of AWSBackupServiceRolePolicyForBackup, for this instance, its snapshots, and its key by alias. To
# restore takes another role, which somebody makes on that day.
# https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSBackupServiceRolePolicyForBackup.html
resource "aws_iam_role_policy" "backup" {
  name = "take-snapshots"
  role = aws_iam_role.backup.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "Snapshot"
        Effect = "Allow"
        Action = ["rds:AddTagsToResource", "rds:CopyDBSnapshot", "rds:CreateDBSnapshot", "rds:ListTagsForResource"]
        Resource = [
          "arn:${local.partition}:rds:${var.region}:${local.account_id}:db:${local.database_identifier}",
          "arn:${local.partition}:rds:${var.region}:${local.account_id}:snapshot:awsbackup:*",
        ]
      },
      {
        Sid      = "Expire"
        Effect   = "Allow"
        Action   = ["rds:DeleteDBSnapshot", "rds:ModifyDBSnapshotAttribute"]
        Resource = "arn:${local.partition}:rds:${var.region}:${local.account_id}:snapshot:awsbackup:*"
      },
      {
        Sid    = "Look"
        Effect = "Allow"
        Action = ["rds:DescribeDBInstances", "rds:DescribeDBSnapshots"]
        Resource = [
          "arn:${local.partition}:rds:${var.region}:${local.account_id}:db:*",
          "arn:${local.partition}:rds:${var.region}:${local.account_id}:snapshot:*",
        ]
      },
      {
        Sid    = "Vault"
        Effect = "Allow"
        Action = ["backup:CopyIntoBackupVault", "backup:DescribeBackupVault"]
        Resource = compact([
          "arn:${local.partition}:backup:${var.region}:${local.account_id}:backup-vault:${local.name}",
          var.backup_copy_vault_arn,
        ])
      },
      {
        Sid      = "Copy"
        Effect   = "Allow"
        Action   = "backup:CopyFromBackupVault"
        Resource = "arn:${local.partition}:rds:${var.region}:${local.account_id}:snapshot:awsbackup:*"
      },
      {
        Sid       = "Key"
        Effect    = "Allow"
        Action    = "kms:DescribeKey"
        Resource  = "arn:${local.partition}:kms:${var.region}:${local.account_id}:key/*"
        Condition = { "ForAnyValue:StringEquals" = { "kms:ResourceAliases" = "alias/${local.name}-database" } }
      },
      {
        Sid      = "KeyGrant"
        Effect   = "Allow"
        Action   = "kms:CreateGrant"
        Resource = "arn:${local.partition}:kms:${var.region}:${local.account_id}:key/*"
        Condition = {
          Bool                       = { "kms:GrantIsForAWSResource" = "true" }
          "ForAnyValue:StringEquals" = { "kms:ResourceAliases" = "alias/${local.name}-database" }
        }
      },
    ]
  })
}

# https://docs.aws.amazon.com/aws-backup/latest/devguide/eventbridge.html
resource "aws_cloudwatch_event_rule" "backup" {
  name        = "${local.name}-backup"
  description = "A snapshot of the database failed. The job in AWS Backup says why; start it again there."

  event_pattern = jsonencode({
    source        = ["aws.backup"]
    "detail-type" = ["Backup Job State Change", "Copy Job State Change"]
    detail = {
      state      = ["ABORTED", "EXPIRED", "FAILED"]
      iamRoleArn = ["arn:${local.partition}:iam::${local.account_id}:role/${local.name}-backup"]
    }
  })
}

resource "aws_cloudwatch_event_target" "backup" {
  rule      = aws_cloudwatch_event_rule.backup.name
  target_id = "alarms"
  arn       = aws_sns_topic.alarms.arn
}
