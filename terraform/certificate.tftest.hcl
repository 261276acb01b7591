# Certificate and name, offline.
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
    condition     = aws_acm_certificate.main.domain_name == "shop.example.com" && aws_acm_certificate.main.validation_method == "DNS" && one(aws_acm_certificate.main.options).certificate_transparency_logging_preference == "ENABLED"
    error_message = "The certificate is for the service's name, renews by DNS, and stands in the public logs."
  }

  assert {
    condition     = aws_route53_record.issuers[0].type == "CAA" && aws_route53_record.issuers[0].name == "shop.example.com" && aws_route53_record.issuers[0].records == toset(["0 issue \"amazon.com\"", "0 issuewild \";\""])
    error_message = "Nobody but Amazon may issue one for this name."
  }

  assert {
    condition     = aws_route53_record.service.name == "shop.example.com" && aws_route53_record.service.type == "A" && length(aws_route53_record.service.alias) == 1
    error_message = "The name leads to the load balancer."
  }
}
