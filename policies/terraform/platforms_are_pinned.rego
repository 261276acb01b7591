# What a task runs on changes by a plan.

# METADATA
# title: Every Fargate service names its platform version
# description: >-
#   LATEST moves under a running service with the next deployment, and with it the kernel and the agent that isolate it; nobody
#   reviewed that.
# custom:
#   remediation: Set platform_version to a number, such as 1.4.0.
#   severity: note
#   control: AWS Well-Architected OPS05-BP05
#   resources: aws_ecs_service
package terraform.platforms_are_pinned

import data.lib.terraform

deny contains terraform.finding(rego.metadata.chain(), service.address, "Its platform version is whichever is the latest.") if {
	some service in terraform.of_type({"aws_ecs_service"})
	terraform.setting(service, ["launch_type"]) in {"FARGATE", null}
	not regex.match(`^\d+\.\d+\.\d+$`, sprintf("%v", [terraform.setting(service, ["platform_version"])]))
}
