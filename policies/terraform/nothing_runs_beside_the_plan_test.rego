# What nothing_runs_beside_the_plan refuses, and what it lets pass.
package terraform.nothing_runs_beside_the_plan_test

import data.lib.terraform_plan as tf
import data.terraform.nothing_runs_beside_the_plan

denied(resources) := found if found := {finding.resource | some finding in nothing_runs_beside_the_plan.deny} with input as tf.plan(resources)

test_resources_pass if denied([tf.resource("terraform_data", "a", {}), tf.resource("aws_vpc", "a", {})]) == set()

test_provisioners_and_programs_are_refused if {
	denied([tf.patched(tf.resource("terraform_data", "a", {}), [{"op": "add", "path": "/configured/provisioners", "value": [{"type": "local-exec"}]}])]) == {"terraform_data.a"}
	denied([tf.resource("null_resource", "a", {})]) == {"null_resource.a"}
}

test_a_child_module_is_looked_into if {
	child := object.union(tf.plan([]), {"configuration": {"root_module": {"module_calls": {"b": {"module": {"module_calls": {"c": {"module": {"resources": [{"address": "data.external.a", "type": "external"}]}}}}}}}}})
	{finding.resource | some finding in nothing_runs_beside_the_plan.deny} == {"module.b.module.c.data.external.a"} with input as child
}
