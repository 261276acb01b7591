# A container has no right of the kernel that it does not use.

# METADATA
# title: No container is privileged, has a capability, or shares something with its host
# description: >-
#   A privileged container is root on its machine; of the capabilities that are there by default none is needed by a service on a
#   port above 1023.
# custom:
#   remediation: >-
#     Drop ALL in linuxParameters.capabilities and add none, network_mode awsvpc; take privileged, devices, pid_mode and ipc_mode
#     host and host paths out.
#   severity: error
#   control: CIS Docker 5.4, 5.5, 5.9, 5.10, 5.16, 5.17
#   resources: aws_ecs_task_definition
package terraform.containers_have_no_privileges

import data.lib.terraform

deny contains terraform.finding(rego.metadata.chain(), entry.task.address, sprintf("%s is privileged.", [entry.container.name])) if {
	some entry in terraform.containers
	object.get(entry.container, "privileged", false) == true
}

deny contains terraform.finding(rego.metadata.chain(), entry.task.address, sprintf("%s keeps capabilities.", [entry.container.name])) if {
	some entry in terraform.containers
	not "ALL" in object.get(entry.container, ["linuxParameters", "capabilities", "drop"], [])
}

deny contains terraform.finding(rego.metadata.chain(), entry.task.address, sprintf("%s gets more: %s.", [entry.container.name, concat(".", path)])) if {
	some entry in terraform.containers
	some path in [["linuxParameters", "capabilities", "add"], ["linuxParameters", "devices"], ["dockerSecurityOptions"], ["extraHosts"]]
	more := object.get(entry.container, path, [])
	count(more) > 0
}

deny contains terraform.finding(rego.metadata.chain(), task.address, sprintf("Its %s is %s.", [attribute, value])) if {
	some task in terraform.of_type({"aws_ecs_task_definition"})
	some attribute in ["ipc_mode", "network_mode", "pid_mode"]
	value := terraform.setting(task, [attribute])
	value in {"bridge", "host"}
}

deny contains terraform.finding(rego.metadata.chain(), task.address, sprintf("It mounts %s of its host.", [volume.host_path])) if {
	some task in terraform.of_type({"aws_ecs_task_definition"})
	some volume in terraform.blocks(task, "volume")
	not object.get(volume, "host_path", null) in {null, ""}
}
