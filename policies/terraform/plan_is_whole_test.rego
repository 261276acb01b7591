# What plan_is_whole refuses, and what it lets pass.
package terraform.plan_is_whole_test

import data.lib.terraform_plan as tf
import data.terraform.plan_is_whole

whole := tf.plan([tf.resource("aws_vpc", "main", {})])

denied(document) := found if found := count(plan_is_whole.deny) with input as document

test_a_whole_plan_passes if denied(whole) == 0

test_a_partial_failed_empty_or_foreign_plan_is_refused if {
	denied(object.union(whole, {"complete": false})) == 1
	denied(object.union(whole, {"errored": true})) == 1
	denied(object.union(whole, {"format_version": "2.0"})) == 1
	denied(tf.plan([])) == 1
	denied(object.remove(whole, ["complete"])) == 1
	denied({}) > 1
}
