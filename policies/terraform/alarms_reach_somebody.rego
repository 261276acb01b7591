# An alarm that rings is heard.

# METADATA
# title: Every alarm has an action and says what a missing value means
# description: >-
#   An alarm without an action changes its colour on a page that nobody looks at. What stopped sending values is, unless it is
#   said otherwise, neither well nor ill.
# custom:
#   remediation: >-
#     alarm_actions with the topic, treat_missing_data, a description that says what to do. One that only rolls a deployment back
#     is named in the alarms of its service.
#   severity: error
#   control: CIS AWS 4; AWS Well-Architected OPS08-BP04
#   resources: aws_cloudwatch_metric_alarm, aws_cloudwatch_composite_alarm
package terraform.alarms_reach_somebody

import data.lib.terraform

alarms := terraform.of_type({"aws_cloudwatch_composite_alarm", "aws_cloudwatch_metric_alarm"})

deny contains terraform.finding(rego.metadata.chain(), alarm.address, "It tells nobody.") if {
	some alarm in alarms
	not terraform.is_set(alarm, "alarm_actions")
	not rolls_back(alarm)
}

deny contains terraform.finding(rego.metadata.chain(), alarm.address, "Its actions are off.") if {
	some alarm in alarms
	terraform.setting(alarm, ["actions_enabled"]) == false
}

deny contains terraform.finding(rego.metadata.chain(), alarm.address, "It does not say what a missing value means.") if {
	some alarm in terraform.of_type({"aws_cloudwatch_metric_alarm"})
	not terraform.is_configured(alarm, "treat_missing_data")
}

deny contains terraform.finding(rego.metadata.chain(), alarm.address, "It does not say what to do.") if {
	some alarm in alarms
	not is_described(alarm)
}

rolls_back(alarm) if {
	some service in terraform.of_type({"aws_ecs_service"})
	some name in terraform.as_list(terraform.setting(service, ["alarms", 0, "alarm_names"]))
	name == terraform.setting(alarm, ["alarm_name"])
}

is_described(alarm) if count(terraform.setting(alarm, ["alarm_description"])) >= 20
