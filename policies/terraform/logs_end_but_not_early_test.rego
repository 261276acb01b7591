# What logs_end_but_not_early refuses, and what it lets pass.
package terraform.logs_end_but_not_early_test

import data.lib.terraform_plan as tf
import data.terraform.logs_end_but_not_early

denied(resources) := found if found := {finding.resource | some finding in logs_end_but_not_early.deny} with input as tf.plan(resources)

denied_in(environment, resources) := found if found := {finding.resource | some finding in logs_end_but_not_early.deny} with input as tf.in_environment(environment, resources)

group(days) := tf.resource("aws_cloudwatch_log_group", "a", {"retention_in_days": days})

test_a_year_passes if {
	denied([group(365)]) == set()
	denied([group(731)]) == set()
}

test_less_for_ever_or_unknown_is_refused if {
	every days in [0, 30, 3653, null, {"ref": "var.days.a"}] {
		denied([group(days)]) == {"aws_cloudwatch_log_group.a"}
	}
}

test_elsewhere_a_week_will_do if {
	denied_in("staging", [group(7)]) == set()
	denied_in("staging", [group(0)]) == {"aws_cloudwatch_log_group.a"}
}
