# What documents_are_visible refuses, and what it lets pass.
package terraform.documents_are_visible_test

import data.lib.terraform_plan as tf
import data.terraform.documents_are_visible

denied(resources) := found if found := {finding.resource | some finding in documents_are_visible.deny} with input as tf.plan(resources)

statement := {"sid": null, "effect": null, "actions": ["s3:GetObject"], "not_actions": null, "resources": [null], "not_resources": null, "principals": [], "not_principals": [], "condition": []}

test_a_document_that_is_known_or_whose_data_source_is_in_the_plan_passes if {
	denied([tf.holding("aws_iam_policy", "policy", [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::a/*"}])]) == set()
	denied([
		tf.document("a", [statement], [{"resources": [true]}]),
		tf.resource("aws_iam_policy", "a", {"policy": {"ref": "data.aws_iam_policy_document.a.json"}}),
	]) == set()
	denied([
		tf.patched(tf.document("a", [statement], [{}]), [{"op": "replace", "path": "/planned/address", "value": "data.aws_iam_policy_document.a[0]"}]),
		tf.instance("aws_iam_policy", "a", 0, {"policy": {"ref": "data.aws_iam_policy_document.a[0].json"}}),
	]) == set()
}

test_a_document_that_is_unknown_and_comes_from_elsewhere_is_refused if {
	denied([tf.resource("aws_iam_policy", "a", {"policy": {"ref": "local.policy.json"}})]) == {"aws_iam_policy.a"}
	denied([tf.resource("aws_kms_key", "a", {"policy": {"ref": "aws_iam_role.a.arn"}})]) == {"aws_kms_key.a"}
	denied([tf.resource("aws_iam_policy", "a", {"policy": "{"})]) == {"aws_iam_policy.a"}
}

test_what_aws_sets_by_itself_is_none if denied([tf.resource("aws_sns_topic", "a", {"policy": {"later": true}})]) == set()

hidden := tf.resource("aws_ecs_task_definition", "service", {"container_definitions": {"ref": "local.containers"}})

patched(references) := tf.patched(hidden, [{"op": "replace", "path": "/configured/expressions/container_definitions/references", "value": references}])

with_output(references, output) := object.union(tf.plan([patched(references)]), {
	"output_changes": {"containers": {"after": [{"name": "service"}]}},
	"configuration": {"root_module": {"outputs": {"containers": {"expression": {"references": output}}}}},
})

test_containers_are_seen_by_an_output_of_the_same_value if {
	count(documents_are_visible.deny) == 0 with input as with_output(["local.containers"], ["local.containers"])
	count(documents_are_visible.deny) == 1 with input as with_output(["local.containers"], ["local.others"])
	count(documents_are_visible.deny) == 1 with input as with_output(["aws_ecr_repository.a"], ["aws_ecr_repository.a"])
	denied([hidden]) == {"aws_ecs_task_definition.service"}
	denied([tf.task([{"name": "service"}])]) == set()
}
