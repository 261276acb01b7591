# What registries_keep_images refuses, and what it lets pass.
package terraform.registries_keep_images_test

import data.lib.terraform_plan as tf
import data.terraform.registries_keep_images

denied(resources) := found if found := {finding.resource | some finding in registries_keep_images.deny} with input as tf.plan(resources)

repository(attributes) := [tf.resource("aws_ecr_repository", "a", object.union({"image_tag_mutability": "IMMUTABLE", "image_scanning_configuration": [{"scan_on_push": true}]}, attributes))]

test_one_that_keeps_passes if denied(repository({})) == set()

test_each_hole_is_refused if {
	denied(repository({"image_tag_mutability": "MUTABLE"})) == {"aws_ecr_repository.a"}
	denied(repository({"image_scanning_configuration": []})) == {"aws_ecr_repository.a"}
	denied([tf.resource("aws_ecrpublic_repository", "a", {})]) == {"aws_ecrpublic_repository"}
}
