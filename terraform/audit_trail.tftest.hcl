# The trail: of every region, verifiable, locked, and readable by few. Offline, with AWS mocked.
mock_provider "aws" {
  source          = "./mocks"
  override_during = plan
}

variables {
  environment      = "production"
  region           = "eu-central-1"
  repository       = "example/stockade"
  domain_name      = "shop.example.com"
  zone_id          = "Z0123456789ABCDEFGHIJ"
  image            = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/stockade@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
  security_contact = "mailto:security@example.com"
  alarm_emails     = ["ops@example.com"]
}

run "it_is_off_by_itself" {
  command = plan

  assert {
    condition     = length(aws_cloudtrail.main) == 0 && length(aws_s3_bucket.audit_trail) == 0 && length(aws_kms_key.audit_trail) == 0
    error_message = "There is a trail that nobody asked for."
  }
}

run "it_has_every_region_and_can_be_verified" {
  command = plan

  variables {
    audit_trail_enabled = true
  }

  assert {
    condition     = aws_cloudtrail.main[0].is_multi_region_trail && aws_cloudtrail.main[0].include_global_service_events && aws_cloudtrail.main[0].enable_log_file_validation && aws_cloudtrail.main[0].kms_key_id == aws_kms_key.audit_trail[0].arn
    error_message = "It misses a region, can't be verified, or is under another key."
  }

  assert {
    condition     = one(aws_cloudtrail.main[0].event_selector).read_write_type == "All" && one(aws_cloudtrail.main[0].event_selector).include_management_events && one(one(aws_cloudtrail.main[0].event_selector).data_resource).type == "AWS::S3::Object" && one(one(aws_cloudtrail.main[0].event_selector).data_resource).values == tolist(["arn:aws:s3:::stockade-state-123456789012-eu-central-1/"])
    error_message = "It does not tell who read a state."
  }

  assert {
    condition     = aws_s3_bucket.audit_trail[0].object_lock_enabled && aws_s3_bucket_versioning.audit_trail[0].versioning_configuration[0].status == "Enabled" && aws_s3_bucket_object_lock_configuration.audit_trail[0].rule[0].default_retention[0].mode == "COMPLIANCE" && aws_s3_bucket_object_lock_configuration.audit_trail[0].rule[0].default_retention[0].days == 365
    error_message = "It can be deleted."
  }

  assert {
    condition     = aws_s3_bucket_public_access_block.audit_trail[0].block_public_acls && aws_s3_bucket_public_access_block.audit_trail[0].block_public_policy && aws_s3_bucket_public_access_block.audit_trail[0].ignore_public_acls && aws_s3_bucket_public_access_block.audit_trail[0].restrict_public_buckets
    error_message = "It can be made public."
  }

  assert {
    condition     = alltrue([for statement in slice(jsondecode(aws_s3_bucket_policy.audit_trail[0].policy).Statement, 1, 3) : statement.Condition.StringEquals["aws:SourceArn"] == "arn:aws:cloudtrail:eu-central-1:123456789012:trail/stockade-production-audit"])
    error_message = "Another trail may write into it."
  }

  assert {
    condition     = jsondecode(aws_s3_bucket_policy.audit_trail[0].policy).Statement[0].Effect == "Deny" && jsondecode(aws_s3_bucket_policy.audit_trail[0].policy).Statement[0].Condition.Bool["aws:SecureTransport"] == "false"
    error_message = "It answers in the clear."
  }
}

run "too_short_is_refused" {
  command = plan

  variables {
    audit_trail_retention_days = 89
  }

  expect_failures = [var.audit_trail_retention_days]
}
