# What endpoints_let_out_what_is_ours refuses, and what it lets pass.
package terraform.endpoints_let_out_what_is_ours_test

import data.lib.terraform_plan as tf
import data.terraform.endpoints_let_out_what_is_ours

denied(resources) := found if found := {finding.resource | some finding in endpoints_let_out_what_is_ours.deny} with input as tf.plan(resources)

endpoint(statement) := tf.holding("aws_vpc_endpoint", "policy", [object.union({"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}, statement)])

test_an_endpoint_of_this_account_or_of_named_resources_passes if {
	denied([endpoint({"Condition": {"StringEquals": {"aws:PrincipalAccount": "111122223333"}}})]) == set()
	denied([endpoint({"Resource": "arn:aws:s3:::prod-eu-central-1-starport-layer-bucket/*"})]) == set()
	denied([tf.resource("aws_vpc_endpoint", "a", {}), tf.resource("aws_vpc_endpoint_policy", "a", {"vpc_endpoint_id": {"ref": "aws_vpc_endpoint.a.id"}})]) == set()
}

test_one_for_everybody_is_refused if {
	denied([endpoint({})]) == {"aws_vpc_endpoint.a"}
	denied([tf.resource("aws_vpc_endpoint", "a", {"policy": {"later": true}})]) == {"aws_vpc_endpoint.a"}
	denied([endpoint({"Condition": {"StringLike": {"aws:PrincipalAccount": "*"}}})]) == {"aws_vpc_endpoint.a"}
}
