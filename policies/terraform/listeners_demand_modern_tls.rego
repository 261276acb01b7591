# What clients speak with the load balancer is TLS of today.

# METADATA
# title: Listeners speak TLS 1.3, and 1.2 with forward secrecy at the least; plain HTTP is redirected
# description: >-
#   Older policies of AWS, among them its default, allow ciphers without forward secrecy: who records traffic today reads it when
#   a key leaks. A listener that forwards plain HTTP serves whoever forgot the s.
# custom:
#   remediation: >-
#     Choose a policy ELBSecurityPolicy-TLS13-1-2-Res-…, TLS13-1-3-… or their post-quantum or FIPS form; let the listener on port
#     80 redirect to HTTPS with HTTP_301.
#   severity: error
#   control: ASVS 12.1.1, 12.1.2; CIS AWS 2.1
#   resources: aws_lb_listener, aws_alb_listener, aws_api_gateway_domain_name, aws_cloudfront_distribution
package terraform.listeners_demand_modern_tls

import data.lib.terraform

modern := `^ELBSecurityPolicy-TLS13-1-(3|2-Res)(-FIPS)?(-PQ)?(-20\d\d-\d\d)?$|^ELBSecurityPolicy-TLS13-1-(3|2-Res)(-PQ|-FIPS)*(-20\d\d-\d\d)?$`

deny contains terraform.finding(rego.metadata.chain(), listener.address, sprintf("Its policy is %v.", [policy])) if {
	some listener in listeners
	terraform.setting(listener, ["protocol"]) in {"HTTPS", "TLS"}
	policy := terraform.setting(listener, ["ssl_policy"])
	not regex.match(modern, sprintf("%v", [policy]))
}

deny contains terraform.finding(rego.metadata.chain(), listener.address, "It does something else with plain HTTP than to redirect it to HTTPS for good.") if {
	some listener in listeners
	terraform.setting(listener, ["protocol"]) == "HTTP"
	not redirects(listener)
}

deny contains terraform.finding(rego.metadata.chain(), listener.address, "It does not say which protocol it speaks.") if {
	some listener in listeners
	not terraform.setting(listener, ["protocol"]) in {"HTTP", "HTTPS", "TCP", "TLS", "UDP"}
}

deny contains terraform.finding(rego.metadata.chain(), name.address, "It allows TLS older than 1.2.") if {
	some name in terraform.of_type({"aws_api_gateway_domain_name"})
	terraform.setting(name, ["security_policy"]) != "TLS_1_2"
}

deny contains terraform.finding(rego.metadata.chain(), distribution.address, "It allows TLS older than 1.2.") if {
	some distribution in terraform.of_type({"aws_cloudfront_distribution"})
	not startswith(sprintf("%v", [terraform.setting(distribution, ["viewer_certificate", 0, "minimum_protocol_version"])]), "TLSv1.2")
}

listeners := terraform.of_type({"aws_alb_listener", "aws_lb_listener"})

redirects(listener) if {
	every action in terraform.blocks(listener, "default_action") {
		action.type == "redirect"
		action.redirect[0].protocol == "HTTPS"
		action.redirect[0].status_code == "HTTP_301"
	}
}
