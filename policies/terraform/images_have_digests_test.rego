# What images_have_digests refuses, and what it lets pass.
package terraform.images_have_digests_test

import data.lib.terraform_plan as tf
import data.terraform.images_have_digests

denied(resources) := found if found := {finding.resource | some finding in images_have_digests.deny} with input as tf.plan(resources)

digest := "@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

image(name) := [tf.task([{"name": "service", "image": name}])]

test_a_digest_passes if {
	denied(image(concat("", ["111122223333.dkr.ecr.eu-central-1.amazonaws.com/stockade", digest]))) == set()
	denied(image(concat("", ["collector:v1", digest]))) == set()
}

test_a_tag_or_nothing_is_refused if {
	every name in ["stockade:latest", "stockade:1.2.3", "stockade", "stockade@sha256:0123"] {
		denied(image(name)) == {"aws_ecs_task_definition.service"}
	}
	denied([tf.task([{"name": "service"}])]) == {"aws_ecs_task_definition.service"}
}
