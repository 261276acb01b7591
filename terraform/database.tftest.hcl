# The database: encrypted, reached over TLS by the service alone, restorable, and forgetful after 30 days. Offline, with AWS mocked.
mock_provider "aws" {
  source          = "./mocks"
  override_during = plan
}

override_resource {
  target          = aws_security_group.service
  override_during = plan
  values          = { id = "sg-service" }
}

override_resource {
  target          = aws_subnet.data
  override_during = plan
  values          = { id = "subnet-data" }
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

run "the_database_of_production_is_encrypted_private_restorable_and_forgetful" {
  command = plan

  assert {
    condition     = aws_db_instance.main.storage_encrypted && !aws_db_instance.main.publicly_accessible && aws_db_instance.main.multi_az
    error_message = "It is unencrypted, public, or in one zone."
  }

  assert {
    condition     = aws_db_instance.main.deletion_protection && !aws_db_instance.main.skip_final_snapshot && aws_db_instance.main.final_snapshot_identifier == "stockade-production-final-1"
    error_message = "It can be lost by one command."
  }

  assert {
    condition     = aws_db_instance.main.engine == "postgres" && aws_db_instance.main.engine_version == "17" && aws_db_parameter_group.main.family == "postgres17" && aws_db_instance.main.auto_minor_version_upgrade && !aws_db_instance.main.apply_immediately
    error_message = "It is not PostgreSQL 17 that takes its minor versions in the maintenance window."
  }

  assert {
    condition     = aws_db_instance.main.copy_tags_to_snapshot && aws_db_instance.main.delete_automated_backups && aws_db_instance.main.backup_retention_period == 30
    error_message = "Its backups are without tags, outlive it, or are not kept for 30 days."
  }

  assert {
    condition     = aws_db_instance.main.iam_database_authentication_enabled && aws_db_instance.main.manage_master_user_password && aws_db_instance.main.password == null && aws_db_instance.main.password_wo == null
    error_message = "Somebody signs in with a password that RDS does not keep."
  }

  assert {
    condition     = { for parameter in aws_db_parameter_group.main.parameter : parameter.name => parameter.value }["rds.accepted_password_auth_method"] == "scram"
    error_message = "A password may be checked by MD5."
  }

  assert {
    condition = { for parameter in aws_db_parameter_group.main.parameter : parameter.name => parameter.value if contains(["rds.force_ssl", "ssl_min_protocol_version"], parameter.name) } == {
      "rds.force_ssl"            = "1"
      "ssl_min_protocol_version" = "TLSv1.3"
    }
    error_message = "A client may do without TLS 1.3."
  }

  assert {
    condition     = aws_db_instance.main.ca_cert_identifier == "rds-ca-ecc384-g1" && aws_db_instance.main.port == 5432
    error_message = "Another authority or port than the service knows."
  }

  assert {
    condition = { for parameter in aws_db_parameter_group.main.parameter : parameter.name => parameter.value if startswith(parameter.name, "log_") } == {
      log_connections                   = "1"
      log_disconnections                = "1"
      log_lock_waits                    = "1"
      log_min_duration_statement        = "1000"
      log_parameter_max_length          = "0"
      log_parameter_max_length_on_error = "0"
      log_statement                     = "ddl"
    }
    error_message = "The log says less, or has values of people in it."
  }

  assert {
    condition     = aws_db_instance.main.enabled_cloudwatch_logs_exports == toset(["postgresql", "upgrade", "iam-db-auth-error"])
    error_message = "A log stays on the instance."
  }

  assert {
    condition     = alltrue([for log, group in aws_cloudwatch_log_group.database : group.name == "/aws/rds/instance/${aws_db_instance.main.identifier}/${log}" && group.retention_in_days == var.log_retention_days])
    error_message = "RDS would make another group, unencrypted and for ever."
  }

  assert {
    condition     = aws_db_instance.main.kms_key_id == aws_kms_key.database.arn && aws_db_instance.main.performance_insights_kms_key_id == aws_kms_key.database.arn && aws_db_instance.main.master_user_secret_kms_key_id == aws_kms_key.secrets.arn
    error_message = "Data, insights or the owner's password are under another key."
  }

  assert {
    condition     = alltrue([for group in aws_cloudwatch_log_group.database : group.kms_key_id == aws_kms_key.logs.arn])
    error_message = "A log group is under another key."
  }

  assert {
    condition     = aws_vpc_security_group_ingress_rule.database_from_service.referenced_security_group_id == "sg-service" && aws_vpc_security_group_ingress_rule.database_from_service.from_port == 5432 && aws_vpc_security_group_ingress_rule.database_from_service.to_port == 5432
    error_message = "Others than the service, or other ports."
  }

  assert {
    condition     = aws_db_subnet_group.main.subnet_ids == toset(["subnet-data"])
    error_message = "It is in subnets that lead somewhere."
  }

  assert {
    condition     = jsondecode(aws_iam_role.database_monitoring.assume_role_policy).Statement[0].Condition.ArnEquals["aws:SourceArn"] == "arn:aws:rds:eu-central-1:123456789012:db:stockade-production"
    error_message = "Another instance, or another account's, may take the role."
  }

  assert {
    condition     = alltrue([for statement in jsondecode(aws_iam_role_policy.database_monitoring.policy).Statement : startswith(statement.Resource, "arn:aws:logs:eu-central-1:123456789012:log-group:RDSOSMetrics")])
    error_message = "It may write to other logs."
  }
}

run "a_preview_is_small_and_goes_without_a_trace" {
  command = plan

  variables {
    environment             = "preview-7"
    log_lock_mode           = "GOVERNANCE"
    deletion_protection     = false
    database_multi_az       = false
    database_final_snapshot = false
    database_instance_class = "db.t4g.micro"
  }

  assert {
    condition     = !aws_db_instance.main.multi_az && aws_db_instance.main.skip_final_snapshot && aws_db_instance.main.final_snapshot_identifier == null && !aws_db_instance.main.deletion_protection
    error_message = "Something resists its destroy."
  }
}

run "what_is_too_little_is_refused_and_production_takes_no_less" {
  command = plan

  variables {
    database_instance_class        = "t4g.medium"
    database_storage_gib           = 19
    database_multi_az              = false
    database_max_connections       = 49
    database_backup_days           = 6
    database_final_snapshot        = false
    database_final_snapshot_number = 0
    database_authority             = "rds-ca-2019"
    database_pool_size             = 1
    task_count_max                 = 2
  }

  expect_failures = [
    var.database_instance_class, var.database_storage_gib, var.database_multi_az, var.database_max_connections,
    var.database_backup_days, var.database_final_snapshot, var.database_final_snapshot_number, var.database_authority,
  ]
}

run "a_backup_that_outlives_an_erasure_is_refused_and_what_is_out_of_bounds" {
  command = plan

  variables {
    database_backup_days           = 31
    database_storage_limit_gib     = 23
    database_max_connections       = 200.5
    database_final_snapshot_number = 1.5
  }

  expect_failures = [var.database_backup_days, var.database_storage_limit_gib, var.database_max_connections, var.database_final_snapshot_number]
}
