# What resources_are_tagged refuses, and what it lets pass.
package terraform.resources_are_tagged_test

import data.lib.terraform_plan as tf
import data.terraform.resources_are_tagged

denied(resources) := found if found := {finding.resource | some finding in resources_are_tagged.deny} with input as tf.plan(resources)

tags := {"Environment": "production", "ManagedBy": "terraform", "Project": "a", "Repository": "o/r"}

test_all_four_tags_or_none_to_take_pass if denied([tf.resource("aws_vpc", "a", {"tags_all": tags}), tf.resource("aws_iam_role_policy", "a", {})]) == set()

test_a_tag_that_is_missing_empty_or_unknown_is_refused if {
	denied([tf.resource("aws_vpc", "a", {"tags_all": object.remove(tags, ["Project"])})]) == {"aws_vpc.a"}
	denied([tf.resource("aws_vpc", "a", {"tags_all": object.union(tags, {"Repository": ""})})]) == {"aws_vpc.a"}
	denied([tf.resource("aws_vpc", "a", {"tags_all": null})]) == {"aws_vpc.a"}
	denied([tf.resource("aws_vpc", "a", {"tags_all": {"later": true}})]) == {"aws_vpc.a"}
}
