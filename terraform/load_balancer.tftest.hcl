# The load balancer, offline: what it accepts, and where that goes.
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
    condition     = aws_lb_listener.https.protocol == "HTTPS" && can(regex("^ELBSecurityPolicy-TLS13-1-[23](-Res)?(-PQ)?-20[0-9]{2}-[0-9]{2}$", aws_lb_listener.https.ssl_policy))
    error_message = "ASVS 12.1.1, 12.1.2: TLS 1.3, and 1.2 with forward secrecy and AEAD alone."
  }

  assert {
    condition     = aws_lb.main.enable_deletion_protection && !aws_lb.main.internal && !aws_lb.main.enable_waf_fail_open
    error_message = "It can't be deleted by mistake, and lets nothing through when WAF does not answer."
  }

  assert {
    condition     = aws_lb.main.desync_mitigation_mode == "strictest" && aws_lb.main.drop_invalid_header_fields && aws_lb.main.xff_header_processing_mode == "append" && aws_lb.main.preserve_host_header
    error_message = "Nothing ambiguous gets through (CWE-444), and the client's address is the last in X-Forwarded-For."
  }

  assert {
    condition     = aws_lb.main.access_logs[0].enabled && aws_lb.main.connection_logs[0].enabled
    error_message = "Requests and connections are logged."
  }

  assert {
    condition     = aws_lb_listener.https.default_action[0].type == "fixed-response" && aws_lb_listener.https.default_action[0].fixed_response[0].status_code == "421"
    error_message = "What is not for the service's name does not reach it."
  }

  assert {
    condition     = one(one(aws_lb_listener_rule.service.condition).host_header).values == toset(["shop.example.com"]) && aws_lb_listener_rule.service.action[0].type == "forward"
    error_message = "What is for the service's name does."
  }

  assert {
    condition     = aws_lb_listener.http.default_action[0].type == "redirect" && aws_lb_listener.http.default_action[0].redirect[0].protocol == "HTTPS" && aws_lb_listener.http.default_action[0].redirect[0].host == "shop.example.com" && aws_lb_listener.http.default_action[0].redirect[0].status_code == "HTTP_301"
    error_message = "Plain HTTP leads to the service's own name, whatever the client asked for."
  }

  assert {
    condition     = aws_lb_target_group.service.health_check[0].path == "/livez" && aws_lb_target_group.service.health_check[0].port == "9464" && aws_lb_target_group.service.port == 3000
    error_message = "It asks whether a task is alive, on the operator's port: readiness would replace every task when the database is away."
  }

  assert {
    condition     = aws_lb_target_group.service.protocol == "HTTPS" && aws_lb_target_group.service.health_check[0].protocol == "HTTPS" && local.container_environment.LISTEN_TLS == "self-signed"
    error_message = "ASVS 12.3.1, 12.3.3: something between load balancer and task is plain, or one of them speaks TLS alone."
  }

  assert {
    condition     = [for rule in [aws_vpc_security_group_egress_rule.load_balancer_service, aws_vpc_security_group_egress_rule.load_balancer_health] : "${rule.from_port}-${rule.to_port} ${rule.cidr_ipv4 == null}"] == ["3000-3000 true", "9464-9464 true"]
    error_message = "It reaches the two ports of the service's security group, and nothing else."
  }
}

run "a_preview_for_the_office" {
  command = plan

  variables {
    environment         = "preview-999999"
    project             = "a-name-of-17-char"
    deletion_protection = false
    client_cidrs        = ["203.0.113.0/24", "198.51.100.7/32"]
    log_lock_mode       = "GOVERNANCE"

    certificate_issuers_restricted = false
  }

  assert {
    condition     = !aws_lb.main.enable_deletion_protection && length(aws_lb.main.name) <= 32 && length(aws_lb_target_group.service.name) <= 32
    error_message = "The longest name fits, and the environment can go."
  }

  assert {
    condition     = toset([for rule in concat(values(aws_vpc_security_group_ingress_rule.load_balancer_https), values(aws_vpc_security_group_ingress_rule.load_balancer_http)) : "${rule.cidr_ipv4} ${rule.from_port}-${rule.to_port}"]) == toset(["203.0.113.0/24 443-443", "203.0.113.0/24 80-80", "198.51.100.7/32 443-443", "198.51.100.7/32 80-80"])
    error_message = "Only the ranges that are named get in, on 443 and 80."
  }

  assert {
    condition     = length(aws_route53_record.issuers) == 0
    error_message = "Where others issue certificates too, there is no CAA record."
  }

  # Of the log bucket, which has to be gone with the preview.
  assert {
    condition     = aws_s3_bucket.logs.force_destroy && length(aws_s3_bucket.logs.bucket) <= 63
    error_message = "The log bucket goes with what is in it."
  }
}
