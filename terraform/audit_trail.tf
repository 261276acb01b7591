# CloudTrail: who did what in this account, in a bucket and under a key of its own, so that the file comes off whole. Where the
# organisation keeps a trail for all its accounts, leave it off: a second one is paid for.

variable "audit_trail_enabled" {
  description = "Whether this environment keeps the account's trail; one environment of an account is enough."
  type        = bool
  default     = false
  nullable    = false
}

variable "audit_trail_retention_days" {
  description = "How long the trail is kept, in days; until then nobody can delete it (object lock)."
  type        = number
  default     = 365
  nullable    = false

  validation {
    condition     = var.audit_trail_retention_days >= 90 && var.audit_trail_retention_days <= 3653 && floor(var.audit_trail_retention_days) == var.audit_trail_retention_days
    error_message = "audit_trail_retention_days is a whole number between 90 and 3653."
  }
}

locals {
  audit_trail_name   = "${local.name}-audit"
  audit_trail_arn    = "arn:${local.partition}:cloudtrail:${var.region}:${local.account_id}:trail/${local.audit_trail_name}"
  audit_trail_bucket = "${local.name}-audit-${local.account_id}"

  # As bootstrap/ names it.
  state_bucket = "${var.project}-state-${local.account_id}-${var.region}"
}

resource "aws_cloudtrail" "main" {
  count = var.audit_trail_enabled ? 1 : 0

  name                          = local.audit_trail_name
  s3_bucket_name                = aws_s3_bucket.audit_trail[0].id
  kms_key_id                    = aws_kms_key.audit_trail[0].arn
  is_multi_region_trail         = true
  include_global_service_events = true
  enable_log_file_validation    = true
  cloud_watch_logs_group_arn    = "${aws_cloudwatch_log_group.audit_trail[0].arn}:*"
  cloud_watch_logs_role_arn     = aws_iam_role.audit_trail[0].arn

  # Who read or wrote a state, or a plan that waits: events about objects are not among those that a trail has by itself.
  event_selector {
    read_write_type           = "All"
    include_management_events = true

    data_resource {
      type   = "AWS::S3::Object"
      values = ["arn:${local.partition}:s3:::${local.state_bucket}/"]
    }
  }

  depends_on = [aws_s3_bucket_policy.audit_trail, aws_iam_role_policy.audit_trail]
}

# gates:allow terraform_follows_practice/CKV_AWS_18 until 2027-11-20: a log of reading the trail would go into a bucket that wants a log in turn; who changes this one stands in the trail
# gates:allow terraform_follows_practice/CKV_AWS_144 until 2027-11-20: a trail that must outlive its region belongs to the organisation, in an account of its own
# gates:allow terraform_follows_practice/CKV2_AWS_62 until 2027-11-20: nothing waits for a new file of the trail, so that there is nobody to notify
resource "aws_s3_bucket" "audit_trail" {
  count = var.audit_trail_enabled ? 1 : 0

  bucket              = local.audit_trail_bucket
  object_lock_enabled = true
}

resource "aws_s3_bucket_versioning" "audit_trail" {
  count = var.audit_trail_enabled ? 1 : 0

  bucket = aws_s3_bucket.audit_trail[0].id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_object_lock_configuration" "audit_trail" {
  count = var.audit_trail_enabled ? 1 : 0

  bucket = aws_s3_bucket.audit_trail[0].id

  rule {
    default_retention {
      mode = local.is_production ? "COMPLIANCE" : "GOVERNANCE"
      days = var.audit_trail_retention_days
    }
  }

  depends_on = [aws_s3_bucket_versioning.audit_trail]
}

resource "aws_s3_bucket_lifecycle_configuration" "audit_trail" {
  count = var.audit_trail_enabled ? 1 : 0

  bucket = aws_s3_bucket.audit_trail[0].id

  rule {
    id     = "expire"
    status = "Enabled"

    filter {}

    expiration {
      days = var.audit_trail_retention_days + 1
    }

    noncurrent_version_expiration {
      noncurrent_days = 1
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 1
    }
  }

  depends_on = [aws_s3_bucket_versioning.audit_trail]
}

resource "aws_s3_bucket_server_side_encryption_configuration" "audit_trail" {
  count = var.audit_trail_enabled ? 1 : 0

  bucket = aws_s3_bucket.audit_trail[0].id

  rule {
    # With a bucket key CloudTrail could not name the trail in the encryption context.
    bucket_key_enabled = false

    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_key.audit_trail[0].arn
    }
  }
}

resource "aws_s3_bucket_public_access_block" "audit_trail" {
  count = var.audit_trail_enabled ? 1 : 0

  bucket                  = aws_s3_bucket.audit_trail[0].id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "audit_trail" {
  count = var.audit_trail_enabled ? 1 : 0

  bucket = aws_s3_bucket.audit_trail[0].id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

# https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html
resource "aws_s3_bucket_policy" "audit_trail" {
  count = var.audit_trail_enabled ? 1 : 0

  bucket = aws_s3_bucket.audit_trail[0].id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "OnlyOverTls"
        Effect    = "Deny"
        Principal = { AWS = "*" }
        Action    = "s3:*"
        Resource  = ["arn:${local.partition}:s3:::${local.audit_trail_bucket}", "arn:${local.partition}:s3:::${local.audit_trail_bucket}/*"]
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
      {
        Sid       = "TrailLooks"
        Effect    = "Allow"
        Principal = { Service = "cloudtrail.amazonaws.com" }
        Action    = "s3:GetBucketAcl"
        Resource  = "arn:${local.partition}:s3:::${local.audit_trail_bucket}"
        Condition = { StringEquals = { "aws:SourceArn" = local.audit_trail_arn } }
      },
      {
        Sid       = "TrailWrites"
        Effect    = "Allow"
        Principal = { Service = "cloudtrail.amazonaws.com" }
        Action    = "s3:PutObject"
        Resource  = "arn:${local.partition}:s3:::${local.audit_trail_bucket}/AWSLogs/${local.account_id}/*"
        Condition = { StringEquals = { "aws:SourceArn" = local.audit_trail_arn, "s3:x-amz-acl" = "bucket-owner-full-control" } }
      },
    ]
  })

  depends_on = [aws_s3_bucket_public_access_block.audit_trail]
}

# https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html
resource "aws_kms_key" "audit_trail" {
  count = var.audit_trail_enabled ? 1 : 0

  description             = "${local.name}: the account's trail"
  enable_key_rotation     = true
  rotation_period_in_days = var.key_rotation_days
  deletion_window_in_days = 30

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      local.key_administration,
      {
        Sid       = "TrailEncrypts"
        Effect    = "Allow"
        Principal = { Service = "cloudtrail.amazonaws.com" }
        Action    = "kms:GenerateDataKey*"
        Resource  = "*"
        Condition = {
          StringEquals = { "aws:SourceArn" = local.audit_trail_arn }
          StringLike   = { "kms:EncryptionContext:aws:cloudtrail:arn" = "arn:${local.partition}:cloudtrail:*:${local.account_id}:trail/*" }
        }
      },
      {
        Sid       = "TrailLooks"
        Effect    = "Allow"
        Principal = { Service = "cloudtrail.amazonaws.com" }
        Action    = "kms:DescribeKey"
        Resource  = "*"
        Condition = { StringEquals = { "aws:SourceArn" = local.audit_trail_arn } }
      },
      {
        Sid       = "AccountReadsTrail"
        Effect    = "Allow"
        Principal = local.key_account
        Action    = "kms:Decrypt"
        Resource  = "*"
        Condition = {
          StringEquals = { "kms:CallerAccount" = local.account_id }
          Null         = { "kms:EncryptionContext:aws:cloudtrail:arn" = "false" }
        }
      },
    ]
  })

  tags = { Name = local.audit_trail_name }
}

resource "aws_kms_alias" "audit_trail" {
  count = var.audit_trail_enabled ? 1 : 0

  name          = "alias/${local.audit_trail_name}"
  target_key_id = aws_kms_key.audit_trail[0].key_id
}

# To search what happened lately; the bucket is the evidence.
resource "aws_cloudwatch_log_group" "audit_trail" {
  count = var.audit_trail_enabled ? 1 : 0

  name              = "/aws/cloudtrail/${local.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = aws_kms_key.logs.arn
}

resource "aws_iam_role" "audit_trail" {
  count = var.audit_trail_enabled ? 1 : 0

  name                 = local.audit_trail_name
  description          = "Lets CloudTrail write to its log group"
  permissions_boundary = var.permissions_boundary

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "cloudtrail.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = local.account_id, "aws:SourceArn" = local.audit_trail_arn } }
    }]
  })
}

resource "aws_iam_role_policy" "audit_trail" {
  count = var.audit_trail_enabled ? 1 : 0

  name = "write-trail"
  role = aws_iam_role.audit_trail[0].id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource = "arn:${local.partition}:logs:${var.region}:${local.account_id}:log-group:/aws/cloudtrail/${local.name}:log-stream:${local.account_id}_CloudTrail_*"
    }]
  })
}
