# Snapshots: locked, encrypted, and never older than 30 days. Offline, with AWS mocked.
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

run "a_snapshot_a_day_lives_for_30_days_and_no_longer" {
  command = plan

  assert {
    condition     = one(aws_backup_plan.main.rule).lifecycle[0].delete_after == 30 && one(aws_backup_plan.main.rule).enable_continuous_backup != true
    error_message = "It lives longer, or takes the database's own backups over."
  }

  assert {
    condition     = aws_backup_vault_lock_configuration.main[0].min_retention_days == 30 && aws_backup_vault_lock_configuration.main[0].max_retention_days == 30 && aws_backup_vault_lock_configuration.main[0].changeable_for_days == null
    error_message = "Somebody may keep a snapshot for longer, or delete it before."
  }

  assert {
    condition     = !aws_backup_vault.main.force_destroy && length(one(aws_backup_plan.main.rule).copy_action) == 0
    error_message = "A destroy takes the snapshots along, or they are copied elsewhere unasked."
  }

  assert {
    condition     = aws_backup_selection.main.resources == toset([aws_db_instance.main.arn]) && aws_backup_vault.main.kms_key_arn == aws_kms_key.database.arn
    error_message = "It takes something else, or under another key."
  }

  assert {
    condition     = alltrue([for statement in jsondecode(aws_iam_role_policy.backup.policy).Statement : !contains(flatten([statement.Resource]), "*")])
    error_message = "Its role may do something to everything."
  }

  assert {
    condition     = alltrue([for action in flatten([for statement in jsondecode(aws_iam_role_policy.backup.policy).Statement : statement.Action]) : !strcontains(action, "*")])
    error_message = "Its role has a wildcard action."
  }

  assert {
    condition     = jsondecode(aws_iam_role.backup.assume_role_policy).Statement[0].Condition.StringEquals["aws:SourceAccount"] == "123456789012"
    error_message = "Another account's backups may take the role."
  }
}

run "who_likes_may_lock_it_for_good_and_copy_it" {
  command = plan

  variables {
    backup_days           = 14
    backup_vault_lock     = "compliance"
    backup_copy_vault_arn = "arn:aws:backup:eu-west-1:111122223333:backup-vault:far-away"
  }

  assert {
    condition     = aws_backup_vault_lock_configuration.main[0].changeable_for_days == 3 && aws_backup_vault_lock_configuration.main[0].min_retention_days == 14
    error_message = "The lock is not for good."
  }

  assert {
    condition     = one(one(aws_backup_plan.main.rule).copy_action).destination_vault_arn == var.backup_copy_vault_arn && one(one(aws_backup_plan.main.rule).copy_action).lifecycle[0].delete_after == 14
    error_message = "The copy goes elsewhere, or lives longer."
  }
}

run "a_preview_keeps_nothing" {
  command = plan

  variables {
    environment         = "preview-7"
    log_lock_mode       = "GOVERNANCE"
    deletion_protection = false
    backup_vault_lock   = "none"
  }

  assert {
    condition     = length(aws_backup_vault_lock_configuration.main) == 0 && aws_backup_vault.main.force_destroy
    error_message = "Something resists its destroy."
  }
}

run "a_snapshot_that_outlives_an_erasure_is_refused_and_production_is_locked" {
  command = plan

  variables {
    backup_days       = 31
    backup_vault_lock = "none"
  }

  expect_failures = [var.backup_days, var.backup_vault_lock]
}

run "what_is_none_is_refused" {
  command = plan

  variables {
    backup_days           = 6
    backup_vault_lock     = "maybe"
    backup_copy_vault_arn = "far-away"
  }

  expect_failures = [var.backup_days, var.backup_vault_lock, var.backup_copy_vault_arn]
}
