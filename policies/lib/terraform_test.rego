# How a plan is read, where no policy's own forms come by: modules within modules, references in nested blocks, statements without a name.
package lib.terraform_test

import data.lib.terraform
import data.lib.terraform_plan as tf

nested := object.union(tf.plan([]), {"configuration": {"root_module": {"module_calls": {"a": {"module": {
	"resources": [{"address": "aws_s3_bucket.x", "expressions": {"bucket": {"references": ["aws_kms_key.y.arn", "aws_kms_key.y"]}}}],
	"module_calls": {"b": {"module": {"resources": [{"address": "aws_s3_bucket.z"}]}}},
}}}}}})

test_modules_are_looked_into_to_the_innermost if {
	object.keys(terraform.configuration) == {"module.a.aws_s3_bucket.x", "module.a.module.b.aws_s3_bucket.z"} with input as nested
}

test_a_reference_is_within_its_module if {
	terraform.references({"address": "module.a[0].aws_s3_bucket.x[\"k\"]"}, "bucket") == {"module.a.aws_kms_key.y"} with input as nested
}

test_what_is_nowhere_points_nowhere if {
	count(terraform.references({"address": "aws_s3_bucket.x"}, "bucket")) == 0 with input as nested
}

statement := {"sid": "Named", "effect": "Allow", "actions": null, "not_actions": null, "resources": [null], "not_resources": null, "principals": [{"type": "AWS", "identifiers": [null]}], "not_principals": [{"type": "AWS", "identifiers": ["a"]}], "condition": [{"test": "StringEquals", "variable": "aws:SourceAccount", "values": [null]}]}

test_what_is_known_later_is_a_name_and_no_wildcard if {
	later := terraform.read_later["data.aws_iam_policy_document.a"] with input as tf.plan([tf.document("a", [statement], [{"actions": true}])])
	some [read] in later
	read.sid == "Named"
	read.actions == {terraform.later}
	read.resources == {terraform.later}
	read.principals == {"AWS": {terraform.later}}
	read.notPrincipals == {"AWS": {"a"}}
	terraform.has_condition(read, `^aws:SourceAccount$`)
}

test_several_references_are_all_followed if {
	resource := tf.resource("aws_lb", "a", {"subnets": {"ref": ["aws_subnet.a.id", "aws_subnet.b.id"]}})
	terraform.references(resource.planned, "subnets") == {"aws_subnet.a", "aws_subnet.b"} with input as tf.plan([resource])
}
