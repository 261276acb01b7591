# Nobody but the load balancer is called from the internet.

# METADATA
# title: Only the load balancer takes connections from everywhere, on 443 and 80
# description: >-
#   What everybody can reach is scanned within minutes. Two halves of the address space, or IPv6 beside a closed IPv4, are as
#   open as 0.0.0.0/0.
# custom:
#   remediation: Name the security group that may call (referenced_security_group_id), or the addresses of those who do.
#   severity: error
#   control: CIS AWS 5.3; AWS Well-Architected SEC05-BP02
#   resources: aws_security_group, aws_security_group_rule, aws_vpc_security_group_ingress_rule
package terraform.only_load_balancers_face_the_internet

import data.lib.terraform
import data.lib.terraform_network as network

deny contains terraform.finding(rego.metadata.chain(), rule.resource.address, sprintf("It lets everybody in to %v from port %v to %v.", [rule.protocol, rule.from, rule.to])) if {
	some rule in network.rules
	network.is_open(rule, "ingress")
	not is_way_in(rule)
}

is_way_in(rule) if {
	rule.protocol in {"6", "tcp"}
	rule.from == rule.to
	rule.from in {80, 443}
	some group in terraform.of_type({"aws_security_group"})
	belongs_to(rule.resource, group)
	some balancer in terraform.of_type({"aws_alb", "aws_elb", "aws_lb"})
	terraform.points_at(balancer, "security_groups", group)
}

belongs_to(resource, group) if resource.address == group.address

belongs_to(resource, group) if terraform.points_at(resource, "security_group_id", group)
