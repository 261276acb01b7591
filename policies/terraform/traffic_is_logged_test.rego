# What traffic_is_logged refuses, and what it lets pass.
package terraform.traffic_is_logged_test

import data.lib.terraform_plan as tf
import data.terraform.traffic_is_logged

denied(resources) := found if found := {finding.resource | some finding in traffic_is_logged.deny} with input as tf.plan(resources)

vpc := tf.resource("aws_vpc", "main", {})

flow(kind) := tf.resource("aws_flow_log", "main", {"vpc_id": {"ref": "aws_vpc.main.id"}, "traffic_type": kind})

test_a_network_is_logged if {
	denied([vpc, flow("ALL")]) == set()
	denied([vpc, flow("REJECT")]) == {"aws_vpc.main"}
	denied([vpc]) == {"aws_vpc.main"}
}

balancer(access, connections) := tf.resource("aws_lb", "main", {"load_balancer_type": "application", "access_logs": access, "connection_logs": connections})

test_a_load_balancer_is_logged if {
	denied([balancer([{"enabled": true}], [{"enabled": true}])]) == set()
	denied([balancer([{"enabled": false}], [{"enabled": true}])]) == {"aws_lb.main"}
	denied([balancer([{"enabled": true}], [])]) == {"aws_lb.main"}
}

test_a_firewall_is_logged if {
	list := tf.resource("aws_wafv2_web_acl", "main", {})
	denied([list]) == {"aws_wafv2_web_acl.main"}
	denied([list, tf.resource("aws_wafv2_web_acl_logging_configuration", "main", {"resource_arn": {"ref": "aws_wafv2_web_acl.main.arn"}})]) == set()
}

test_a_database_is_logged if {
	denied([tf.resource("aws_db_instance", "main", {"engine": "postgres", "enabled_cloudwatch_logs_exports": ["postgresql", "upgrade"]})]) == set()
	denied([tf.resource("aws_db_instance", "main", {"engine": "postgres", "enabled_cloudwatch_logs_exports": null})]) == {"aws_db_instance.main"}
	denied([tf.resource("aws_db_instance", "main", {"engine": "postgres", "enabled_cloudwatch_logs_exports": ["upgrade"]})]) == {"aws_db_instance.main"}
}
