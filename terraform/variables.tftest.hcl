# What the variables refuse. One run refuses one wrong value of each, since a run costs seconds whatever it holds.
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

run "refuses_what_is_too_small" {
  command = plan

  variables {
    project                 = "ab"
    environment             = "prod"
    region                  = "eu-central"
    repository              = "shop"
    domain_name             = "localhost"
    zone_id                 = "Z"
    availability_zone_count = 1
    log_retention_days      = 6
    vpc_cidr                = "10.0.0.0/23"
    key_rotation_days       = 89
    requests_per_address    = 99
    client_cidrs            = []
    permissions_boundary    = "boundary"
  }

  expect_failures = [
    var.project,
    var.environment,
    var.region,
    var.repository,
    var.domain_name,
    var.zone_id,
    var.availability_zone_count,
    var.log_retention_days,
    var.vpc_cidr,
    var.key_rotation_days,
    var.requests_per_address,
    var.client_cidrs,
    var.permissions_boundary,
  ]
}

run "refuses_what_is_too_large" {
  command = plan

  variables {
    project                 = "a-name-of-18-chars"
    environment             = "preview-1234567"
    region                  = "eu-central-10"
    repository              = "owner/name/more"
    domain_name             = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example.com"
    zone_id                 = "Z00000000000000000000000000000000"
    availability_zone_count = 4
    log_retention_days      = 1827
    vpc_cidr                = "10.0.0.0/15"
    key_rotation_days       = 731
    requests_per_address    = 100001
    client_cidrs            = ["0.0.0.0/33"]
  }

  expect_failures = [
    var.project,
    var.environment,
    var.region,
    var.repository,
    var.domain_name,
    var.zone_id,
    var.availability_zone_count,
    var.log_retention_days,
    var.vpc_cidr,
    var.key_rotation_days,
    var.requests_per_address,
    var.client_cidrs,
  ]
}

run "refuses_what_has_another_form" {
  command = plan

  variables {
    project                 = "a--b"
    environment             = "Production"
    region                  = "EU-central-1"
    repository              = "-owner/name"
    domain_name             = "https://shop.example.com"
    zone_id                 = "z0123456789"
    availability_zone_count = 2.5
    log_retention_days      = 8
    vpc_cidr                = "10.0.0.1/16"
    key_rotation_days       = 90.5
    requests_per_address    = 100.5
    client_cidrs            = ["2001:db8::/32"]
    waf_counted_rules       = { AWSManagedRulesPHPRuleSet = [] }
  }

  expect_failures = [
    var.project,
    var.environment,
    var.region,
    var.repository,
    var.domain_name,
    var.zone_id,
    var.availability_zone_count,
    var.log_retention_days,
    var.vpc_cidr,
    var.key_rotation_days,
    var.requests_per_address,
    var.client_cidrs,
    var.waf_counted_rules,
  ]
}

run "refuses_a_public_network_and_what_is_unknown" {
  command = plan

  variables {
    vpc_cidr      = "11.0.0.0/16"
    nat_gateways  = "two"
    log_lock_mode = "NONE"
    log_lock_days = 0
    project       = "shop-"
  }

  expect_failures = [
    var.vpc_cidr,
    var.nat_gateways,
    var.log_lock_mode,
    var.log_lock_days,
    var.project,
  ]
}

run "refuses_in_production_what_hangs_on_one_zone" {
  command = plan

  variables {
    nat_gateways  = "one"
    log_lock_days = 366
  }

  expect_failures = [
    var.nat_gateways,
    var.log_lock_days,
  ]
}

run "refuses_a_preview_that_could_not_go_and_a_network_that_could_not_start" {
  command = plan

  variables {
    environment         = "preview-1"
    nat_gateways        = "none"
    outbound_https      = false
    log_lock_mode       = "COMPLIANCE"
    interface_endpoints = ["ecr.api", "ecr.dkr", "kms", "logs"]
    log_lock_days       = 1.5
  }

  expect_failures = [
    var.log_lock_mode,
    var.interface_endpoints,
    var.log_lock_days,
  ]
}

run "refuses_an_endpoint_that_nothing_calls" {
  command = plan

  variables {
    interface_endpoints = ["ssm"]
  }

  expect_failures = [
    var.interface_endpoints,
  ]
}
