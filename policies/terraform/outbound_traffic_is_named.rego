# What may leave is named by its port.

# METADATA
# title: Connections to everywhere are to 443 or 587 alone
# description: >-
#   Whoever gets into a container fetches tools and sends data out by whatever port is open; a rule for all protocols also lets
#   tunnels pass.
# custom:
#   remediation: >-
#     Name the security group, prefix list or range that it talks to; what lies on the internet is reached by HTTPS, or by
#     submission of mail.
#   severity: error
#   control: AWS Well-Architected SEC05-BP02; ASVS 13.2.4
#   resources: aws_security_group, aws_security_group_rule, aws_vpc_security_group_egress_rule
package terraform.outbound_traffic_is_named

import data.lib.terraform
import data.lib.terraform_network as network

deny contains terraform.finding(rego.metadata.chain(), rule.resource.address, sprintf("It lets %v out to everywhere, from port %v to %v.", [rule.protocol, rule.from, rule.to])) if {
	some rule in network.rules
	network.is_open(rule, "egress")
	not is_named(rule)
}

is_named(rule) if {
	rule.protocol in {"6", "tcp"}
	rule.from == rule.to
	rule.from in {443, 587}
}
