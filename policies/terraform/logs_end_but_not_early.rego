# Logs are there when they are needed, and not for ever.

# METADATA
# title: Every log group keeps a year in production, and none keeps for ever
# description: >-
#   Break-ins are found months later; but logs have people in them, and what is kept for ever is kept against the law (GDPR,
#   Article 5(1)(e)).
# custom:
#   remediation: >-
#     Set retention_in_days: 365 or more in production, 7 or more elsewhere, and never 0.
#   severity: error
#   control: CIS AWS 3; ASVS 16.4.2; GDPR 5(1)(e)
#   resources: aws_cloudwatch_log_group
package terraform.logs_end_but_not_early

import data.lib.terraform

shortest := 365 if terraform.is_production

shortest := 7 if not terraform.is_production

longest := 1096

deny contains terraform.finding(rego.metadata.chain(), group.address, sprintf("It keeps logs for %v days, not for %d to %d.", [days, shortest, longest])) if {
	some group in terraform.of_type({"aws_cloudwatch_log_group"})
	days := terraform.setting(group, ["retention_in_days"])
	not keeps(days)
}

keeps(days) if {
	is_number(days)
	days >= shortest
	days <= longest
}
