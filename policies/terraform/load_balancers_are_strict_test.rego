# What load_balancers_are_strict refuses, and what it lets pass.
package terraform.load_balancers_are_strict_test

import data.lib.terraform_plan as tf
import data.terraform.load_balancers_are_strict

denied(resources) := found if found := {finding.resource | some finding in load_balancers_are_strict.deny} with input as tf.plan(resources)

strict := {"load_balancer_type": "application", "desync_mitigation_mode": "strictest", "drop_invalid_header_fields": true, "enable_waf_fail_open": false, "preserve_host_header": true, "xff_header_processing_mode": "append"}

test_a_strict_one_passes_and_one_of_the_network_is_none if denied([tf.resource("aws_lb", "a", strict), tf.resource("aws_lb", "b", {"load_balancer_type": "network"})]) == set()

test_each_looser_setting_is_refused if {
	every attribute, value in {"desync_mitigation_mode": "defensive", "drop_invalid_header_fields": false, "enable_waf_fail_open": true, "preserve_host_header": null, "xff_header_processing_mode": "preserve"} {
		denied([tf.resource("aws_lb", "a", object.union(strict, {attribute: value}))]) == {"aws_lb.a"}
	}
}
