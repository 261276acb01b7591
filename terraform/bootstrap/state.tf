# Where the state of every root lies: versioned, encrypted with a key of its own, over TLS alone, locked by S3 itself.

variable "state_version_days" {
  description = "Days for which an earlier version of a state is kept."
  type        = number
  default     = 90
  nullable    = false

  validation {
    condition     = var.state_version_days >= 30 && var.state_version_days <= 365
    error_message = "30 to 365 days: a mistake is noticed late, and old versions are no archive."
  }
}

variable "plan_days" {
  description = "Days for which a saved plan waits for its approval, and is then removed."
  type        = number
  default     = 14
  nullable    = false

  validation {
    condition     = var.plan_days >= 1 && var.plan_days <= 30
    error_message = "1 to 30 days; the state has moved on by then, and Terraform refuses a stale plan."
  }
}

# The account's IAM decides who uses it: the roles below, each for its own objects.
resource "aws_kms_key" "state" {
  description             = "State and saved plans of ${var.project}"
  enable_key_rotation     = true
  deletion_window_in_days = 30
  policy                  = local.key_policy

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_kms_alias" "state" {
  name          = "alias/${var.project}-state"
  target_key_id = aws_kms_key.state.key_id
}

locals {
  # https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html: it gives nobody anything by itself.
  key_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "AccountDecidesByIam"
      Effect    = "Allow"
      Principal = { AWS = "${local.iam}:root" }
      Action    = "kms:*"
      Resource  = "*"
    }]
  })
}

# gates:allow terraform_follows_practice/CKV2_AWS_62 until 2027-11-20: nothing acts on a new state; who wrote it, an audit trail tells
# gates:allow terraform_follows_practice/CKV_AWS_18 until 2027-11-20: data events of a trail tell who touched it, and surely, where one keeps them (audit_trail.tf, or the organisation); access logs come as best AWS can, and need a bucket that has none itself
# gates:allow terraform_follows_practice/CKV_AWS_144 until 2027-11-20: with the region, what it describes is gone too; nothing elsewhere could use it
resource "aws_s3_bucket" "state" {
  bucket = local.state_bucket

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_s3_bucket_versioning" "state" {
  bucket = aws_s3_bucket.state.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "state" {
  bucket = aws_s3_bucket.state.id

  rule {
    bucket_key_enabled = true

    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_key.state.arn
    }
  }
}

resource "aws_s3_bucket_public_access_block" "state" {
  bucket                  = aws_s3_bucket.state.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "state" {
  bucket = aws_s3_bucket.state.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "state" {
  bucket = aws_s3_bucket.state.id

  rule {
    id     = "earlier-states"
    status = "Enabled"

    filter {}

    noncurrent_version_expiration {
      noncurrent_days           = var.state_version_days
      newer_noncurrent_versions = 20
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 1
    }
  }

  rule {
    id     = "saved-plans"
    status = "Enabled"

    filter {
      prefix = "plans/"
    }

    expiration {
      days = var.plan_days
    }

    noncurrent_version_expiration {
      noncurrent_days = 1
    }
  }

  depends_on = [aws_s3_bucket_versioning.state]
}

resource "aws_s3_bucket_policy" "state" {
  bucket = aws_s3_bucket.state.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "OnlyOverTls"
        Effect    = "Deny"
        Principal = { AWS = "*" }
        Action    = "s3:*"
        Resource  = [local.state_bucket_arn, "${local.state_bucket_arn}/*"]
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
      {
        # Without a word it is the bucket's key, and no role below may use another.
        Sid       = "OnlyWithItsKey"
        Effect    = "Deny"
        Principal = { AWS = "*" }
        Action    = "s3:PutObject"
        Resource  = "${local.state_bucket_arn}/*"
        Condition = { StringEquals = { "s3:x-amz-server-side-encryption" = "AES256" } }
      },
      {
        # Nobody whom a workflow may become, whatever their own policy comes to say.
        Sid       = "NoWorkflowRemovesIt"
        Effect    = "Deny"
        Principal = { AWS = "*" }
        Action    = ["s3:DeleteBucket", "s3:DeleteBucketPolicy", "s3:DeleteObjectVersion", "s3:PutBucketPolicy", "s3:PutBucketVersioning", "s3:PutLifecycleConfiguration"]
        Resource  = [local.state_bucket_arn, "${local.state_bucket_arn}/*"]
        Condition = { ArnLike = { "aws:PrincipalArn" = "${local.iam}:role${local.role_path}*" } }
      },
    ]
  })

  depends_on = [aws_s3_bucket_public_access_block.state]
}
