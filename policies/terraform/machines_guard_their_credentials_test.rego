# What machines_guard_their_credentials refuses, and what it lets pass.
package terraform.machines_guard_their_credentials_test

import data.lib.terraform_plan as tf
import data.terraform.machines_guard_their_credentials

denied(resources) := found if found := {finding.resource | some finding in machines_guard_their_credentials.deny} with input as tf.plan(resources)

machine(options) := [tf.resource("aws_instance", "a", {"metadata_options": [options]})]

test_guarded_ones_pass if {
	denied(machine({"http_tokens": "required", "http_put_response_hop_limit": 1})) == set()
	denied(machine({"http_endpoint": "disabled"})) == set()
	denied([tf.resource("aws_ec2_instance_metadata_defaults", "a", {"http_tokens": "required"})]) == set()
}

test_open_ones_are_refused if {
	denied(machine({"http_tokens": "optional"})) == {"aws_instance.a"}
	denied(machine({"http_tokens": "required", "http_put_response_hop_limit": 2})) == {"aws_instance.a"}
	denied([tf.resource("aws_launch_template", "a", {})]) == {"aws_launch_template.a"}
	denied([tf.resource("aws_ec2_instance_metadata_defaults", "a", {"http_tokens": "optional"})]) == {"aws_ec2_instance_metadata_defaults.a"}
}
