# The name of the service: its certificate, who may issue one, where it leads.
variable "certificate_issuers_restricted" {
  description = <<-EOT
    Whether a CAA record lets nobody but Amazon issue certificates for domain_name and the names below it. Not where others issue
    some of those, or where the zone has such a record already.
  EOT
  type        = bool
  default     = true
  nullable    = false
}

resource "aws_acm_certificate" "main" {
  domain_name       = var.domain_name
  validation_method = "DNS"
  key_algorithm     = "EC_prime256v1"

  # Whoever watches certificate transparency sees one that is not ours.
  options {
    certificate_transparency_logging_preference = "ENABLED"
  }

  tags = { Name = local.name }

  lifecycle {
    create_before_destroy = true
  }
}

locals {
  validation_record = one(aws_acm_certificate.main.domain_validation_options)
}

# ACM renews by itself as long as this record stands.
resource "aws_route53_record" "validation" {
  zone_id         = var.zone_id
  name            = local.validation_record.resource_record_name
  type            = local.validation_record.resource_record_type
  records         = [local.validation_record.resource_record_value]
  ttl             = 300
  allow_overwrite = true
}

resource "aws_acm_certificate_validation" "main" {
  certificate_arn         = aws_acm_certificate.main.arn
  validation_record_fqdns = [aws_route53_record.validation.fqdn]
}

# Only Amazon issues for this name, and nobody a wildcard (RFC 8659).
resource "aws_route53_record" "issuers" {
  count = var.certificate_issuers_restricted ? 1 : 0

  zone_id = var.zone_id
  name    = var.domain_name
  type    = "CAA"
  records = ["0 issue \"amazon.com\"", "0 issuewild \";\""]
  ttl     = 300
}

resource "aws_route53_record" "service" {
  zone_id = var.zone_id
  name    = var.domain_name
  type    = "A"

  alias {
    name                   = aws_lb.main.dns_name
    zone_id                = aws_lb.main.zone_id
    evaluate_target_health = true
  }
}
