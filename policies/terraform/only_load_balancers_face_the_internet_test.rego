# What only_load_balancers_face_the_internet refuses, and what it lets pass.
package terraform.only_load_balancers_face_the_internet_test

import data.lib.terraform_plan as tf
import data.terraform.only_load_balancers_face_the_internet

denied(resources) := found if found := {finding.resource | some finding in only_load_balancers_face_the_internet.deny} with input as tf.plan(resources)

balancer := tf.resource("aws_lb", "main", {"security_groups": {"ref": "aws_security_group.edge.id"}})

edge := tf.resource("aws_security_group", "edge", {"ingress": [], "egress": []})

rule(group, attributes) := tf.resource("aws_vpc_security_group_ingress_rule", "a", object.union({"security_group_id": {"ref": sprintf("aws_security_group.%s.id", [group])}, "ip_protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_ipv4": "0.0.0.0/0"}, attributes))

test_the_load_balancer_may_be_called_by_everybody if {
	denied([balancer, edge, rule("edge", {})]) == set()
	denied([balancer, edge, rule("edge", {"from_port": 80, "to_port": 80})]) == set()
	denied([balancer, tf.resource("aws_security_group", "edge", {"ingress": [{"protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_blocks": ["0.0.0.0/0"], "ipv6_cidr_blocks": ["::/0"]}], "egress": null})]) == set()
}

test_another_port_or_another_group_may_not if {
	denied([balancer, edge, rule("edge", {"from_port": 22, "to_port": 22})]) == {"aws_vpc_security_group_ingress_rule.a"}
	denied([balancer, edge, rule("edge", {"from_port": 0, "to_port": 443})]) == {"aws_vpc_security_group_ingress_rule.a"}
	denied([balancer, edge, rule("edge", {"ip_protocol": "-1"})]) == {"aws_vpc_security_group_ingress_rule.a"}
	denied([balancer, edge, tf.resource("aws_security_group", "service", {}), rule("service", {})]) == {"aws_vpc_security_group_ingress_rule.a"}
}

inline(block) := tf.resource("aws_security_group", "a", {"ingress": [object.union({"protocol": "tcp", "from_port": 5432, "to_port": 5432}, block)]})

test_every_form_of_everybody_is_refused if {
	denied([inline({"cidr_blocks": ["0.0.0.0/0"]})]) == {"aws_security_group.a"}
	denied([inline({"cidr_blocks": ["0.0.0.0/1", "128.0.0.0/1"]})]) == {"aws_security_group.a"}
	denied([inline({"ipv6_cidr_blocks": ["::/0"]})]) == {"aws_security_group.a"}
	denied([tf.resource("aws_security_group_rule", "a", {"type": "ingress", "protocol": "tcp", "from_port": 22, "to_port": 22, "cidr_blocks": ["0.0.0.0/0"]})]) == {"aws_security_group_rule.a"}
	denied([rule("edge", {"cidr_ipv4": {"ref": "aws_eip.a.public_ip"}})]) == {"aws_vpc_security_group_ingress_rule.a"}
	denied([tf.resource("aws_security_group", "a", {"ingress": {"ref": "local.rules.a"}})]) == {"aws_security_group.a"}
}

test_known_networks_pass if {
	denied([inline({"cidr_blocks": ["10.0.0.0/8", "203.0.113.0/24"], "ipv6_cidr_blocks": ["fd00::/8", "2001:db8::/48"]})]) == set()
	denied([rule("edge", {"cidr_ipv4": null})]) == set()
}
