# Somebody hears when it costs more than it should.

# METADATA
# title: Production has a budget that warns somebody
# description: >-
#   Stolen rights are used to mine coins; a loop that scales out costs as much. The bill comes a month later.
# custom:
#   remediation: >-
#     Add an aws_budgets_budget with a notification that has an address or a topic. A filter by TagKeyValue has the form user:KEY$VALUE, of a
#     tag that the resources have; in HCL `$$` before a brace is an escape, hence format("user:KEY$%s", value).
#   severity: warning
#   control: AWS Well-Architected COST02-BP05; CWE-400
#   resources: aws_budgets_budget
package terraform.spending_is_watched

import data.lib.terraform

# The bootstrap runs nothing that costs by the hour.
deny contains terraform.finding(rego.metadata.chain(), "aws_budgets_budget", "This environment runs services, and has no budget.") if {
	terraform.is_production
	count(terraform.of_type({"aws_ecs_service", "aws_instance"})) > 0
	count(terraform.of_type({"aws_budgets_budget"})) == 0
}

deny contains terraform.finding(rego.metadata.chain(), budget.address, "It warns nobody.") if {
	terraform.is_production
	some budget in terraform.of_type({"aws_budgets_budget"})
	not warns(budget)
}

# What it filters by no resource has: it adds up nothing, and never warns.
deny contains terraform.finding(rego.metadata.chain(), budget.address, sprintf("It counts what is tagged %s, and nothing is.", [value])) if {
	some budget in terraform.of_type({"aws_budgets_budget"})
	some filter in terraform.blocks(budget, "cost_filter")
	filter.name == "TagKeyValue"
	some value in filter.values
	not value in tagged
}

tagged contains sprintf("user:%s$%s", [key, value]) if {
	some resource in terraform.planned
	some key, value in terraform.setting(resource, ["tags_all"])
}

warns(budget) if {
	some notification in terraform.blocks(budget, "notification")
	some attribute in ["subscriber_email_addresses", "subscriber_sns_topic_arns"]
	not object.get(notification, attribute, "known later") in {null, []}
}
