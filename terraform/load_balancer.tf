# The load balancer: the only way in. It ends TLS, passes on what is for the service's name, and logs every request.
variable "client_cidrs" {
  description = "IPv4 ranges from which clients may come. A preview can be for the office alone."
  type        = list(string)
  default     = ["0.0.0.0/0"]
  nullable    = false

  validation {
    condition     = length(var.client_cidrs) > 0 && alltrue([for range in var.client_cidrs : can(cidrnetmask(range))])
    error_message = "client_cidrs is at least one IPv4 range, such as 0.0.0.0/0 or 203.0.113.0/24."
  }
}

locals {
  # LOAD_BALANCER_IDLE_SECONDS of the service, which keeps an idle connection for longer than this.
  load_balancer_idle_seconds = 60

  # How long requests under way may take when a task leaves. ECS sends SIGTERM after that.
  deregistration_seconds = 20

  # AWS's own recommendation: TLS 1.3 and 1.2, forward secrecy and AES-GCM alone, key exchange that withstands a quantum computer
  # where the client knows it (ASVS 12.1.1, 12.1.2).
  # https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html
  tls_policy = "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"
}

resource "aws_security_group" "load_balancer" {
  # With a name of its own the next one could not be made before this one goes.
  name_prefix = "${local.name}-load-balancer-"
  description = "Load balancer: from clients, to the service"
  vpc_id      = aws_vpc.main.id

  tags = { Name = "${local.name}-load-balancer" }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "load_balancer_https" {
  for_each = toset(var.client_cidrs)

  security_group_id = aws_security_group.load_balancer.id
  description       = "HTTPS from clients"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = each.value
}

# gates:allow terraform_follows_practice/CKV_AWS_260 until 2027-11-20: port 80 answers with the redirect to HTTPS, and nothing else
resource "aws_vpc_security_group_ingress_rule" "load_balancer_http" {
  for_each = toset(var.client_cidrs)

  security_group_id = aws_security_group.load_balancer.id
  description       = "HTTP from clients, which is redirected"
  ip_protocol       = "tcp"
  from_port         = 80
  to_port           = 80
  cidr_ipv4         = each.value
}

resource "aws_vpc_security_group_egress_rule" "load_balancer_service" {
  security_group_id            = aws_security_group.load_balancer.id
  description                  = "Requests to the service"
  ip_protocol                  = "tcp"
  from_port                    = local.service_port
  to_port                      = local.service_port
  referenced_security_group_id = aws_security_group.service.id
}

resource "aws_vpc_security_group_egress_rule" "load_balancer_health" {
  security_group_id            = aws_security_group.load_balancer.id
  description                  = "Health checks of the service"
  ip_protocol                  = "tcp"
  from_port                    = local.admin_port
  to_port                      = local.admin_port
  referenced_security_group_id = aws_security_group.service.id
}

# gates:allow terraform_follows_practice/CKV2_AWS_76 until 2027-11-20: the rules against Log4j are there; the list of anonymous addresses, which it wants too, refuses VPNs and every client in a cloud
resource "aws_lb" "main" {
  name               = local.name
  load_balancer_type = "application"
  internal           = false
  security_groups    = [aws_security_group.load_balancer.id]
  subnets            = [for subnet in aws_subnet.public : subnet.id]

  enable_deletion_protection = var.deletion_protection
  idle_timeout               = local.load_balancer_idle_seconds

  # Against request smuggling (CWE-444): what is not plain HTTP as RFC 9112 has it is refused.
  desync_mitigation_mode     = "strictest"
  drop_invalid_header_fields = true

  # The service takes the last address (TRUSTED_PROXIES=1), and the name that the client asked for.
  xff_header_processing_mode = "append"
  preserve_host_header       = true

  # When WAF can't be asked, nothing passes.
  enable_waf_fail_open = false

  access_logs {
    enabled = true
    bucket  = aws_s3_bucket.logs.id
    prefix  = "load-balancer"
  }

  connection_logs {
    enabled = true
    bucket  = aws_s3_bucket.logs.id
    prefix  = "load-balancer-connections"
  }

  tags = { Name = local.name }

  # The load balancer tries to write as soon as it is told where.
  depends_on = [aws_s3_bucket_policy.logs]
}

# Encrypted on to the task (ASVS 12.3.1, 12.3.3): LISTEN_TLS in service.tf. No certificate of a target is validated, and the VPC sees to it that
# a packet is from whom it says; targets get TLS 1.3, which is all that the service speaks, where a listener's policy has it, as tls_policy does.
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-target-groups.html#target-group-routing-configuration
resource "aws_lb_target_group" "service" {
  name             = local.name
  vpc_id           = aws_vpc.main.id
  target_type      = "ip"
  port             = local.service_port
  protocol         = "HTTPS"
  protocol_version = "HTTP1"

  deregistration_delay = local.deregistration_seconds

  # Live streams stay open for hours: by turns, the oldest task would keep them all.
  load_balancing_algorithm_type = "least_outstanding_requests"

  # Alive, not ready: were readiness asked, an outage of the database would have every task replaced, over and over.
  health_check {
    port                = local.admin_port
    protocol            = "HTTPS"
    path                = "/livez"
    matcher             = "200"
    interval            = 10
    timeout             = 5
    healthy_threshold   = 2
    unhealthy_threshold = 3
  }

  tags = { Name = local.name }
}

resource "aws_lb_listener" "https" {
  load_balancer_arn = aws_lb.main.arn
  port              = 443
  protocol          = "HTTPS"
  ssl_policy        = local.tls_policy
  certificate_arn   = aws_acm_certificate_validation.main.certificate_arn

  routing_http_response_server_enabled = false

  # For a name that is not ours: scanners by address, and Host headers that somebody made up.
  default_action {
    type = "fixed-response"

    fixed_response {
      status_code  = "421"
      content_type = "text/plain"
      message_body = "Misdirected request"
    }
  }
}

resource "aws_lb_listener_rule" "service" {
  listener_arn = aws_lb_listener.https.arn
  priority     = 100

  condition {
    host_header {
      values = [var.domain_name]
    }
  }

  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.service.arn
  }

  tags = { Name = local.name }
}

resource "aws_lb_listener" "http" {
  load_balancer_arn = aws_lb.main.arn
  port              = 80
  protocol          = "HTTP"

  routing_http_response_server_enabled = false

  # To our name, whatever the Host header says.
  default_action {
    type = "redirect"

    redirect {
      host        = var.domain_name
      port        = "443"
      protocol    = "HTTPS"
      status_code = "HTTP_301"
    }
  }
}
