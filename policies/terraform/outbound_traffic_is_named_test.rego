# What outbound_traffic_is_named refuses, and what it lets pass.
package terraform.outbound_traffic_is_named_test

import data.lib.terraform_plan as tf
import data.terraform.outbound_traffic_is_named

denied(resources) := found if found := {finding.resource | some finding in outbound_traffic_is_named.deny} with input as tf.plan(resources)

rule(attributes) := tf.resource("aws_vpc_security_group_egress_rule", "a", object.union({"ip_protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_ipv4": "0.0.0.0/0"}, attributes))

test_https_mail_and_known_networks_pass if {
	denied([rule({})]) == set()
	denied([rule({"from_port": 587, "to_port": 587})]) == set()
	denied([rule({"ip_protocol": "-1", "cidr_ipv4": "10.0.0.0/16"})]) == set()
	denied([rule({"ip_protocol": "-1", "cidr_ipv4": null})]) == set()
}

test_everything_is_refused if {
	denied([rule({"ip_protocol": "-1", "from_port": null, "to_port": null})]) == {"aws_vpc_security_group_egress_rule.a"}
	denied([rule({"from_port": 1, "to_port": 65535})]) == {"aws_vpc_security_group_egress_rule.a"}
	denied([rule({"ip_protocol": "udp"})]) == {"aws_vpc_security_group_egress_rule.a"}
	denied([tf.resource("aws_security_group", "a", {"egress": [{"protocol": "-1", "from_port": 0, "to_port": 0, "cidr_blocks": ["0.0.0.0/0"], "ipv6_cidr_blocks": null}]})]) == {"aws_security_group.a"}
}
