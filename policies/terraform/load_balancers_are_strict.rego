# The load balancer and the service never disagree about a request.

# METADATA
# title: A load balancer refuses what is not plain HTTP, and tells the service who asked
# description: >-
#   Two programs that take the same bytes for different requests let one client speak for another (request smuggling); a client's
#   own X-Forwarded-For, passed on, makes every rate limit and audit entry a lie.
# custom:
#   remediation: >-
#     desync_mitigation_mode = "strictest", drop_invalid_header_fields = true, xff_header_processing_mode = "append",
#     preserve_host_header = true, enable_waf_fail_open = false.
#   severity: error
#   control: CWE-444; ASVS 4.2.1, 4.1.3
#   resources: aws_lb, aws_alb
package terraform.load_balancers_are_strict

import data.lib.terraform

wanted := {
	"desync_mitigation_mode": "strictest",
	"drop_invalid_header_fields": true,
	"enable_waf_fail_open": false,
	"preserve_host_header": true,
	"xff_header_processing_mode": "append",
}

deny contains terraform.finding(rego.metadata.chain(), balancer.address, sprintf("Its %s is %v, not %v.", [attribute, terraform.setting(balancer, [attribute]), value])) if {
	some balancer in terraform.of_type({"aws_alb", "aws_lb"})
	terraform.setting(balancer, ["load_balancer_type"]) == "application"
	some attribute, value in wanted
	terraform.setting(balancer, [attribute]) != value
}
