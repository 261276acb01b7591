# Requests from the internet pass rules first.

# METADATA
# title: Every public load balancer has a web application firewall that blocks, and limits rates
# description: >-
#   Known exploits and floods come within hours of a name's first certificate. Rules that only count, or an access list that
#   nothing is bound to, look like protection.
# custom:
#   remediation: >-
#     Bind an aws_wafv2_web_acl to it that has AWSManagedRulesCommonRuleSet and AWSManagedRulesKnownBadInputsRuleSet with
#     override_action none, and a rate rule that blocks.
#   severity: error
#   control: AWS Well-Architected SEC05-BP03; ASVS 2.4.1
#   resources: aws_lb, aws_wafv2_web_acl, aws_wafv2_web_acl_association
package terraform.public_load_balancers_have_a_firewall

import data.lib.terraform

deny contains terraform.finding(rego.metadata.chain(), balancer.address, "No aws_wafv2_web_acl_association binds an access list of this plan to it.") if {
	some balancer in terraform.of_type({"aws_alb", "aws_lb"})
	not terraform.setting(balancer, ["internal"]) == true
	terraform.setting(balancer, ["load_balancer_type"]) == "application"
	not is_bound(balancer)
}

deny contains terraform.finding(rego.metadata.chain(), list.address, sprintf("It does not block by %s.", [group])) if {
	some list in lists
	some group in ["AWSManagedRulesCommonRuleSet", "AWSManagedRulesKnownBadInputsRuleSet"]
	not blocks_by(list, group)
}

deny contains terraform.finding(rego.metadata.chain(), list.address, "It has no rate rule that blocks.") if {
	some list in lists
	not limits_rates(list)
}

lists := [list | some list in terraform.of_type({"aws_wafv2_web_acl"}); terraform.setting(list, ["default_action", 0, "allow"]) != []]

is_bound(balancer) if {
	some association in terraform.companions(balancer, {"aws_wafv2_web_acl_association"}, "resource_arn")
	some list in lists
	terraform.points_at(association, "web_acl_arn", list)
}

blocks_by(list, group) if {
	some rule in terraform.blocks(list, "rule")
	rule.statement[0].managed_rule_group_statement[0].name == group
	count(object.get(rule.override_action[0], "none", [])) == 1
}

limits_rates(list) if {
	some rule in terraform.blocks(list, "rule")
	count(rule.statement[0].rate_based_statement) == 1
	count(rule.action[0].block) == 1
}
