# What public_load_balancers_have_a_firewall refuses, and what it lets pass.
package terraform.public_load_balancers_have_a_firewall_test

import data.lib.terraform_plan as tf
import data.terraform.public_load_balancers_have_a_firewall

denied(resources) := found if found := {finding.resource | some finding in public_load_balancers_have_a_firewall.deny} with input as tf.plan(resources)

balancer := tf.resource("aws_lb", "main", {"load_balancer_type": "application", "internal": false})

managed(name, override) := {"name": name, "override_action": [override], "action": [], "statement": [{"managed_rule_group_statement": [{"name": name}], "rate_based_statement": []}]}

rate(action) := {"name": "rate", "override_action": [], "action": [action], "statement": [{"managed_rule_group_statement": [], "rate_based_statement": [{"limit": 1000}]}]}

good := [managed("AWSManagedRulesCommonRuleSet", {"none": [{}], "count": []}), managed("AWSManagedRulesKnownBadInputsRuleSet", {"none": [{}], "count": []}), rate({"block": [{}], "count": []})]

list(rules) := tf.resource("aws_wafv2_web_acl", "main", {"default_action": [{"allow": [{}], "block": []}], "rule": rules})

bound := tf.resource("aws_wafv2_web_acl_association", "main", {"resource_arn": {"ref": "aws_lb.main.arn"}, "web_acl_arn": {"ref": "aws_wafv2_web_acl.main.arn"}})

test_one_that_is_bound_and_blocks_passes if denied([balancer, list(good), bound]) == set()

test_one_that_is_not_bound_is_refused if {
	denied([balancer, list(good)]) == {"aws_lb.main"}
	denied([balancer]) == {"aws_lb.main"}
	denied([tf.resource("aws_lb", "main", {"load_balancer_type": "application", "internal": true}), tf.resource("aws_lb", "b", {"load_balancer_type": "network"})]) == set()
}

test_rules_that_only_count_or_are_missing_are_refused if {
	denied([balancer, bound, list([good[1], good[2]])]) == {"aws_wafv2_web_acl.main"}
	denied([balancer, bound, list([managed("AWSManagedRulesCommonRuleSet", {"none": [], "count": [{}]}), good[1], good[2]])]) == {"aws_wafv2_web_acl.main"}
	denied([balancer, bound, list([good[0], good[1]])]) == {"aws_wafv2_web_acl.main"}
	denied([balancer, bound, list([good[0], good[1], rate({"block": [], "count": [{}]})])]) == {"aws_wafv2_web_acl.main"}
}
