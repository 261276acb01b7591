# What spending_is_watched refuses, and what it lets pass.
package terraform.spending_is_watched_test

import data.lib.terraform_plan as tf
import data.terraform.spending_is_watched

denied(resources) := found if found := {finding.resource | some finding in spending_is_watched.deny} with input as tf.plan(resources)

denied_in(environment, resources) := found if found := {finding.resource | some finding in spending_is_watched.deny} with input as tf.in_environment(environment, resources)

service := tf.resource("aws_ecs_service", "a", {})

budget(notifications) := tf.resource("aws_budgets_budget", "a", {"notification": notifications})

test_one_that_warns_passes if {
	denied([service, budget([{"subscriber_email_addresses": ["ops@example.com"], "subscriber_sns_topic_arns": []}])]) == set()
	denied([tf.resource("aws_s3_bucket", "a", {})]) == set()
}

test_none_or_one_that_warns_nobody_is_refused if {
	denied([service]) == {"aws_budgets_budget"}
	denied([service, budget([])]) == {"aws_budgets_budget.a"}
	denied([service, budget([{"subscriber_email_addresses": [], "subscriber_sns_topic_arns": []}])]) == {"aws_budgets_budget.a"}
}

filtering(value) := [
	tf.resource("aws_vpc", "a", {"tags_all": {"Environment": "production"}}),
	tf.resource("aws_budgets_budget", "a", {"notification": [{"subscriber_email_addresses": ["ops@example.com"]}], "cost_filter": [{"name": "TagKeyValue", "values": [value]}, {"name": "Region", "values": ["eu-central-1"]}]}),
]

test_what_it_counts_is_there if {
	denied(filtering("user:Environment$production")) == set()
	denied(filtering("user:Environment${var.environment}")) == {"aws_budgets_budget.a"}
	denied_in("staging", filtering("user:Environment$staging")) == {"aws_budgets_budget.a"}
}

test_elsewhere_nobody_has_to if denied_in("staging", [service]) == set()
