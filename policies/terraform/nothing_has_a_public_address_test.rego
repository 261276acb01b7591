# What nothing_has_a_public_address refuses, and what it lets pass.
package terraform.nothing_has_a_public_address_test

import data.lib.terraform_plan as tf
import data.terraform.nothing_has_a_public_address

denied(resources) := found if found := {finding.resource | some finding in nothing_has_a_public_address.deny} with input as tf.plan(resources)

test_what_is_off_passes if denied([
	tf.resource("aws_db_instance", "a", {"publicly_accessible": false}),
	tf.resource("aws_ecs_service", "a", {"network_configuration": [{"assign_public_ip": false}]}),
	tf.resource("aws_launch_template", "a", {"network_interfaces": [{"associate_public_ip_address": "false"}]}),
]) == set()

test_what_is_on_is_refused if {
	denied([tf.resource("aws_db_instance", "a", {"publicly_accessible": true})]) == {"aws_db_instance.a"}
	denied([tf.resource("aws_ecs_service", "a", {"network_configuration": [{"assign_public_ip": true}]})]) == {"aws_ecs_service.a"}
	denied([tf.resource("aws_launch_template", "a", {"network_interfaces": [{"associate_public_ip_address": "true"}]})]) == {"aws_launch_template.a"}
	denied([tf.resource("aws_subnet", "a", {"map_public_ip_on_launch": true})]) == {"aws_subnet.a"}
}

test_an_address_is_for_nat_alone if {
	nat := tf.instance("aws_nat_gateway", "main", "a", {"allocation_id": {"ref": "aws_eip.nat.id"}})
	denied([tf.instance("aws_eip", "nat", "a", {}), nat]) == set()
	denied([tf.instance("aws_eip", "nat", "b", {}), nat]) == {"aws_eip.nat[\"b\"]"}
	denied([tf.resource("aws_eip", "bastion", {}), nat]) == {"aws_eip.bastion"}
}
