# What services_survive_a_zone refuses, and what it lets pass.
package terraform.services_survive_a_zone_test

import data.lib.terraform_plan as tf
import data.terraform.services_survive_a_zone

denied(resources) := found if found := {finding.resource | some finding in services_survive_a_zone.deny} with input as tf.plan(resources)

denied_in(environment, resources) := found if found := {finding.resource | some finding in services_survive_a_zone.deny} with input as tf.in_environment(environment, resources)

subnets := [tf.instance("aws_subnet", "private", zone, {"availability_zone": zone}) | some zone in ["eu-central-1a", "eu-central-1b"]]

balancer := tf.resource("aws_lb", "main", {"subnets": {"ref": "aws_subnet.private.id"}})

test_two_zones_pass if {
	denied(array.concat(subnets, [balancer])) == set()
	denied(array.concat(subnets, [tf.instance("aws_elasticache_subnet_group", "main", 0, {"subnet_ids": {"ref": "aws_subnet.private.id"}})])) == set()
	denied([tf.resource("aws_db_instance", "a", {"multi_az": true}), tf.resource("aws_appautoscaling_target", "a", {"min_capacity": 2})]) == set()
}

test_one_zone_or_one_that_is_not_known_is_refused if {
	denied([subnets[0], balancer]) == {"aws_lb.main"}
	denied(array.concat(subnets, [tf.resource("aws_lb", "main", {"subnets": {"ref": "local.subnets.a"}})])) == {"aws_lb.main"}
	one := tf.patched(balancer, [{"op": "replace", "path": "/configured/expressions/subnets/references", "value": ["aws_subnet.private[\"eu-central-1a\"].id", "aws_subnet.private[\"eu-central-1a\"]", "aws_subnet.private"]}])
	denied(array.concat(subnets, [one])) == {"aws_lb.main"}
}

test_one_of_a_kind_is_refused_in_production if {
	denied([tf.resource("aws_db_instance", "a", {"multi_az": false})]) == {"aws_db_instance.a"}
	denied([tf.resource("aws_appautoscaling_target", "a", {"min_capacity": 1})]) == {"aws_appautoscaling_target.a"}
	denied_in("staging", [tf.resource("aws_db_instance", "a", {"multi_az": false}), tf.resource("aws_appautoscaling_target", "a", {"min_capacity": 1})]) == set()
}

picked(ids) := tf.patched(balancer, [{"op": "add", "path": "/planned/change/after/subnets", "value": ids}])

test_one_subnet_by_a_computed_index_is_refused_once_it_is_known if {
	denied(array.concat(subnets, [picked(["subnet-1"])])) == {"aws_lb.main"}
	denied(array.concat(subnets, [picked(["subnet-1", "subnet-2"])])) == set()
}
