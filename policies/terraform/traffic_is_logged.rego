# Who connected, asked and was refused can be looked up afterwards.

# METADATA
# title: Networks, load balancers, firewalls and databases write logs
# description: >-
#   After an incident the logs that were not written are what is missing. What the load balancer refuses, the service never sees.
# custom:
#   remediation: >-
#     Add the flow log with traffic_type ALL, access_logs and connection_logs, the aws_wafv2_web_acl_logging_configuration, and
#     the exports of the database.
#   severity: error
#   control: CIS AWS 3.7; ASVS 16.2.1
#   resources: aws_vpc, aws_flow_log, aws_lb, aws_wafv2_web_acl, aws_db_instance
package terraform.traffic_is_logged

import data.lib.terraform

deny contains terraform.finding(rego.metadata.chain(), network.address, "No flow log of all its traffic refers to it.") if {
	some network in terraform.of_type({"aws_vpc"})
	logs := [log | some log in terraform.companions(network, {"aws_flow_log"}, "vpc_id"); terraform.setting(log, ["traffic_type"]) == "ALL"]
	count(logs) == 0
}

deny contains terraform.finding(rego.metadata.chain(), balancer.address, sprintf("Its %s are off.", [replace(kind, "_", " ")])) if {
	some balancer in terraform.of_type({"aws_alb", "aws_lb"})
	terraform.setting(balancer, ["load_balancer_type"]) == "application"
	some kind in ["access_logs", "connection_logs"]
	terraform.setting(balancer, [kind, 0, "enabled"]) != true
}

deny contains terraform.finding(rego.metadata.chain(), list.address, "No aws_wafv2_web_acl_logging_configuration refers to it.") if {
	some list in terraform.of_type({"aws_wafv2_web_acl"})
	not terraform.has_companion(list, {"aws_wafv2_web_acl_logging_configuration"}, "resource_arn")
}

deny contains terraform.finding(rego.metadata.chain(), database.address, "It exports no log of PostgreSQL.") if {
	some database in terraform.of_type({"aws_db_instance"})
	terraform.setting(database, ["engine"]) == "postgres"
	exports := terraform.as_list(terraform.setting(database, ["enabled_cloudwatch_logs_exports"]))
	not "postgresql" in exports
}
