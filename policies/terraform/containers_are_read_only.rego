# No container can change its own programs.

# METADATA
# title: The root file system of every container is read-only
# description: >-
#   What gets in writes a program and runs it; where nothing can be written, it doesn't, and what does run is what was scanned.
# custom:
#   remediation: Set readonlyRootFilesystem to true, and mount a volume where something has to be written.
#   severity: error
#   control: CIS Docker 5.13
#   resources: aws_ecs_task_definition
package terraform.containers_are_read_only

import data.lib.terraform

deny contains terraform.finding(rego.metadata.chain(), entry.task.address, sprintf("%s can write to its root file system.", [entry.container.name])) if {
	some entry in terraform.containers
	not object.get(entry.container, "readonlyRootFilesystem", false) == true
}
