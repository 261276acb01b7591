# The cache: off by itself; on, encrypted, and with a password that no state has. Offline, with AWS mocked.
mock_provider "aws" {
  source          = "./mocks"
  override_during = plan
}

override_resource {
  target          = aws_elasticache_replication_group.main
  override_during = plan
  values          = { primary_endpoint_address = "cache.example" }
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
    condition     = length(aws_elasticache_replication_group.main) == 0 && length(aws_secretsmanager_secret.cache) == 0 && local.cache_secret_arn == null && output.cache_password_command == null
    error_message = "There is a cache that nobody asked for."
  }
}

run "it_is_encrypted_on_the_way_and_at_rest" {
  command = plan

  variables {
    cache_prepared = true
  }

  assert {
    condition     = aws_elasticache_replication_group.main[0].transit_encryption_enabled && aws_elasticache_replication_group.main[0].transit_encryption_mode == "required" && aws_elasticache_replication_group.main[0].at_rest_encryption_enabled == "true"
    error_message = "Something is in the clear."
  }

  assert {
    condition     = aws_elasticache_replication_group.main[0].engine == "valkey" && aws_elasticache_replication_group.main[0].multi_az_enabled && aws_elasticache_replication_group.main[0].automatic_failover_enabled && aws_elasticache_replication_group.main[0].snapshot_retention_limit == 0
    error_message = "It is no Valkey, hangs on one zone, or is copied."
  }

  assert {
    condition     = aws_elasticache_user.service[0].authentication_mode[0].type == "iam" && aws_elasticache_user.service[0].user_id == aws_elasticache_user.service[0].user_name && aws_elasticache_user.service[0].passwords == null
    error_message = "Its password is in the state."
  }

  assert {
    condition     = startswith(aws_elasticache_user.service[0].access_string, "on ~rate:* -@all ") && !strcontains(aws_elasticache_user.service[0].access_string, "+@")
    error_message = "The service may do more to it than count."
  }

  assert {
    condition     = aws_vpc_security_group_ingress_rule.cache_from_service[0].from_port == 6379 && aws_vpc_security_group_ingress_rule.cache_from_service[0].to_port == 6379
    error_message = "Another port is open."
  }

  assert {
    condition     = !contains(keys(local.container_secrets), "VALKEY_URL")
    error_message = "Tasks would wait for a secret without a value."
  }

  assert {
    condition     = strcontains(output.cache_password_command, "--secret-string \"rediss://stockade-production-service:$password@cache.example:6379")
    error_message = "The command leaves the secret as it is."
  }
}

run "the_service_uses_it_when_told_so" {
  command = plan

  variables {
    cache_enabled = true
  }

  assert {
    condition     = contains(keys(local.container_secrets), "VALKEY_URL") && length(aws_elasticache_replication_group.main) == 1
    error_message = "The service knows nothing of it."
  }
}

run "what_is_none_is_refused" {
  command = plan

  variables {
    cache_node_type = "t4g.micro"
  }

  expect_failures = [var.cache_node_type]
}
