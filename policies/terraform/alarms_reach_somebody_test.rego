# What alarms_reach_somebody refuses, and what it lets pass.
package terraform.alarms_reach_somebody_test

import data.lib.terraform_plan as tf
import data.terraform.alarms_reach_somebody

denied(resources) := found if found := {finding.resource | some finding in alarms_reach_somebody.deny} with input as tf.plan(resources)

alarm(attributes) := tf.resource("aws_cloudwatch_metric_alarm", "a", object.union({"alarm_name": "a", "alarm_actions": {"ref": "aws_sns_topic.a.arn"}, "alarm_description": "Look at the log of the service first.", "treat_missing_data": "breaching"}, attributes))

test_an_alarm_that_is_heard_passes if denied([alarm({})]) == set()

test_one_that_rolls_back_passes if denied([alarm({"alarm_actions": null}), tf.resource("aws_ecs_service", "a", {"alarms": [{"alarm_names": ["a"]}]})]) == set()

test_one_that_nobody_hears_is_refused if {
	every attributes in [{"alarm_actions": null}, {"alarm_actions": []}, {"actions_enabled": false}, {"treat_missing_data": null}, {"treat_missing_data": {"later": true}}, {"alarm_description": null}, {"alarm_description": "Errors"}] {
		denied([alarm(attributes)]) == {"aws_cloudwatch_metric_alarm.a"}
	}
}
