# Who may talk to whom, by the rules of security groups, in each form in which Terraform has them.

# METADATA
# title: Rules of security groups
# description: A range that only the apply knows counts as every address.
package lib.terraform_network

import data.lib.terraform

rules contains {"resource": group, "direction": direction, "protocol": object.get(block, "protocol", null), "from": object.get(block, "from_port", null), "to": object.get(block, "to_port", null), "ranges": ranges} if {
	some group in terraform.of_type({"aws_default_security_group", "aws_security_group"})
	some direction in ["egress", "ingress"]
	some index, block in terraform.blocks(group, direction)
	is_object(block)
	ranges := {range | some attribute in ["cidr_blocks", "ipv6_cidr_blocks"]; some range in listed(object.get(block, attribute, null))} | {everywhere | terraform.is_unknown(group, [direction, index, "cidr_blocks"])}
}

rules contains {"resource": group, "direction": direction, "protocol": null, "from": null, "to": null, "ranges": {everywhere}} if {
	some group in terraform.of_type({"aws_default_security_group", "aws_security_group"})
	some direction in ["egress", "ingress"]
	terraform.is_unknown(group, [direction])
	terraform.is_configured(group, direction)
}

rules contains {"resource": rule, "direction": terraform.setting(rule, ["type"]), "protocol": terraform.setting(rule, ["protocol"]), "from": terraform.setting(rule, ["from_port"]), "to": terraform.setting(rule, ["to_port"]), "ranges": ranges} if {
	some rule in terraform.of_type({"aws_security_group_rule"})
	ranges := ranges_of(rule, {"cidr_blocks", "ipv6_cidr_blocks"})
}

rules contains {"resource": rule, "direction": direction, "protocol": terraform.setting(rule, ["ip_protocol"]), "from": terraform.setting(rule, ["from_port"]), "to": terraform.setting(rule, ["to_port"]), "ranges": ranges} if {
	some direction in ["egress", "ingress"]
	some rule in terraform.of_type({sprintf("aws_vpc_security_group_%s_rule", [direction])})
	ranges := ranges_of(rule, {"cidr_ipv4", "cidr_ipv6"})
}

ranges_of(rule, attributes) := known | unknown if {
	known := {range | some attribute in attributes; some range in listed(terraform.setting(rule, [attribute]))}
	unknown := {everywhere | some attribute in attributes; terraform.is_unknown(rule, [attribute]); terraform.is_configured(rule, attribute)}
}

everywhere := "0.0.0.0/0"

listed(value) := {range | some range in terraform.as_list(value); range != null}

# METADATA
# description: Networks that are routed nowhere (RFC 1918, 4193, 4291, 6598).
private := {"10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fe80::/10"}

# METADATA
# description: So much of the internet that nobody knows all who are there. Two halves are a whole, too.
is_everybody(range) if {
	not is_private(range)
	prefix_length(range) < widest(range)
}

is_private(range) if {
	some network in private
	net.cidr_contains(network, range)
}

prefix_length(range) := to_number(split(range, "/")[1])

widest(range) := 32 if contains(range, ":")

widest(range) := 16 if not contains(range, ":")

is_open(rule, direction) if {
	rule.direction == direction
	some range in rule.ranges
	is_everybody(range)
}
