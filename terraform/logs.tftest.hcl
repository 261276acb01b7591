# The log bucket, offline: who writes, who can delete.
mock_provider "aws" {
  source = "./mocks"
}

variables {
  environment      = "production"
  region           = "eu-central-1"
  repository       = "example/shop"
  domain_name      = "shop.example.com"
  zone_id          = "Z0123456789ABCDEFGHIJ"
  image            = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/shop@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
  security_contact = "mailto:security@example.com"
  alarm_emails     = ["ops@example.com"]
}

run "production" {
  command = plan

  assert {
    condition     = aws_s3_bucket.logs.object_lock_enabled && !aws_s3_bucket.logs.force_destroy && aws_s3_bucket_versioning.logs.versioning_configuration[0].status == "Enabled"
    error_message = "The bucket is locked, versioned, and goes with nothing in it."
  }

  assert {
    condition     = aws_s3_bucket_object_lock_configuration.logs.rule[0].default_retention[0].mode == "COMPLIANCE" && aws_s3_bucket_object_lock_configuration.logs.rule[0].default_retention[0].days == 90
    error_message = "Nobody deletes a log in its first 90 days."
  }

  assert {
    condition     = aws_s3_bucket_public_access_block.logs.block_public_acls && aws_s3_bucket_public_access_block.logs.block_public_policy && aws_s3_bucket_public_access_block.logs.ignore_public_acls && aws_s3_bucket_public_access_block.logs.restrict_public_buckets && aws_s3_bucket_ownership_controls.logs.rule[0].object_ownership == "BucketOwnerEnforced"
    error_message = "Nothing in it can become public."
  }

  assert {
    condition     = { for rule in aws_s3_bucket_lifecycle_configuration.logs.rule : rule.id => try(rule.expiration[0].days, null) }["expire"] == 365
    error_message = "A log goes after a year."
  }

  assert {
    condition     = { for statement in jsondecode(aws_s3_bucket_policy.logs.policy).Statement : statement.Sid => statement.Condition if statement.Effect == "Deny" } == { TlsOnly = { Bool = { "aws:SecureTransport" = "false" } }, RecentTlsOnly = { NumericLessThan = { "s3:TlsVersion" = "1.2" } } }
    error_message = "Nobody speaks with it in the clear, or with an old TLS."
  }

  assert {
    condition     = alltrue([for statement in jsondecode(aws_s3_bucket_policy.logs.policy).Statement : statement.Condition.StringEquals["aws:SourceAccount"] == "123456789012" && can(statement.Condition.ArnLike["aws:SourceArn"]) && keys(statement.Principal) == ["Service"] if statement.Effect == "Allow"])
    error_message = "Only AWS's services write, on this account's behalf alone (the confused deputy)."
  }
}
