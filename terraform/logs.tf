# The bucket of the logs that AWS's services write: load balancer and network. What is in it can't be changed or deleted for a time.
variable "log_lock_mode" {
  description = "GOVERNANCE: who has s3:BypassGovernanceRetention may still delete. COMPLIANCE: nobody may, root and AWS included."
  type        = string
  default     = "COMPLIANCE"
  nullable    = false

  validation {
    condition     = contains(["GOVERNANCE", "COMPLIANCE"], var.log_lock_mode)
    error_message = "log_lock_mode is GOVERNANCE or COMPLIANCE."
  }

  validation {
    condition     = !startswith(var.environment, "preview-") || var.log_lock_mode == "GOVERNANCE"
    error_message = "A preview with COMPLIANCE could not be destroyed: GOVERNANCE."
  }
}

variable "log_lock_days" {
  description = "Days for which a log can't be changed or deleted."
  type        = number
  default     = 90
  nullable    = false

  validation {
    condition     = var.log_lock_days >= 1 && var.log_lock_days <= var.log_retention_days && floor(var.log_lock_days) == var.log_lock_days
    error_message = "log_lock_days is a whole number from 1 to log_retention_days: what has expired can't be locked still."
  }
}

# gates:allow terraform_follows_practice/CKV_AWS_18 until 2027-11-20: a log of reading the logs would go into a bucket that wants a log in turn; the audit trail has who changes this one
# gates:allow terraform_follows_practice/CKV_AWS_144 until 2027-11-20: these logs help to find a fault or an attack in this region; their loss with the region is accepted
# gates:allow terraform_follows_practice/CKV_AWS_145 until 2027-11-20: the load balancer writes only to a bucket with SSE-S3 (https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html)
# gates:allow terraform_follows_practice/CKV2_AWS_62 until 2027-11-20: nothing waits for a new log file, so that there is nobody to notify
resource "aws_s3_bucket" "logs" {
  # With the account in it: names of buckets are the whole world's, and another could have been there first.
  bucket              = "${local.name}-logs-${local.account_id}"
  object_lock_enabled = true
  force_destroy       = !var.deletion_protection

  tags = { Name = "${local.name}-logs" }
}

resource "aws_s3_bucket_versioning" "logs" {
  bucket = aws_s3_bucket.logs.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_object_lock_configuration" "logs" {
  bucket = aws_s3_bucket.logs.id

  rule {
    default_retention {
      mode = var.log_lock_mode
      days = var.log_lock_days
    }
  }

  depends_on = [aws_s3_bucket_versioning.logs]
}

resource "aws_s3_bucket_server_side_encryption_configuration" "logs" {
  bucket = aws_s3_bucket.logs.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_public_access_block" "logs" {
  bucket = aws_s3_bucket.logs.id

  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

# No access lists: the policy below is all there is.
resource "aws_s3_bucket_ownership_controls" "logs" {
  bucket = aws_s3_bucket.logs.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "logs" {
  bucket = aws_s3_bucket.logs.id

  rule {
    id     = "expire"
    status = "Enabled"

    filter {}

    expiration {
      days = var.log_retention_days
    }

    noncurrent_version_expiration {
      noncurrent_days = 1
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 1
    }
  }

  # An expired log leaves a marker, which the other rule can't name beside its days.
  rule {
    id     = "remove-markers"
    status = "Enabled"

    filter {}

    expiration {
      expired_object_delete_marker = true
    }
  }

  depends_on = [aws_s3_bucket_versioning.logs]
}

locals {
  # Not the bucket's arn: of its name a plan already knows, and shows the whole policy.
  log_bucket_arn = "arn:${local.partition}:s3:::${aws_s3_bucket.logs.bucket}"
}

resource "aws_s3_bucket_policy" "logs" {
  bucket = aws_s3_bucket.logs.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "TlsOnly"
        Effect    = "Deny"
        Principal = { AWS = "*" }
        Action    = "s3:*"
        Resource  = [local.log_bucket_arn, "${local.log_bucket_arn}/*"]
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
      {
        Sid       = "RecentTlsOnly"
        Effect    = "Deny"
        Principal = { AWS = "*" }
        Action    = "s3:*"
        Resource  = [local.log_bucket_arn, "${local.log_bucket_arn}/*"]
        Condition = { NumericLessThan = { "s3:TlsVersion" = "1.2" } }
      },
      {
        # https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html
        Sid       = "LoadBalancerLogs"
        Effect    = "Allow"
        Principal = { Service = "logdelivery.elasticloadbalancing.amazonaws.com" }
        Action    = "s3:PutObject"
        Resource  = [for prefix in ["load-balancer", "load-balancer-connections"] : "${local.log_bucket_arn}/${prefix}/AWSLogs/${local.account_id}/*"]
        Condition = {
          StringEquals = { "aws:SourceAccount" = local.account_id }
          ArnLike      = { "aws:SourceArn" = "arn:${local.partition}:elasticloadbalancing:${var.region}:${local.account_id}:loadbalancer/*" }
        }
      },
      {
        # Under AWS's own names: it adds these two where it does not find them, and the next plan would take them away.
        # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-infrastructure-V2-S3.html
        Sid       = "AWSLogDeliveryWrite"
        Effect    = "Allow"
        Principal = { Service = "delivery.logs.amazonaws.com" }
        Action    = "s3:PutObject"
        Resource  = "${local.log_bucket_arn}/network/*"
        Condition = {
          StringEquals = {
            "aws:SourceAccount" = local.account_id
            "s3:x-amz-acl"      = "bucket-owner-full-control"
          }
          ArnLike = { "aws:SourceArn" = "arn:${local.partition}:logs:${var.region}:${local.account_id}:*" }
        }
      },
      {
        Sid       = "AWSLogDeliveryAclCheck"
        Effect    = "Allow"
        Principal = { Service = "delivery.logs.amazonaws.com" }
        Action    = "s3:GetBucketAcl"
        Resource  = local.log_bucket_arn
        Condition = {
          StringEquals = { "aws:SourceAccount" = local.account_id }
          ArnLike      = { "aws:SourceArn" = "arn:${local.partition}:logs:${var.region}:${local.account_id}:*" }
        }
      },
    ]
  })

  depends_on = [aws_s3_bucket_public_access_block.logs]
}
