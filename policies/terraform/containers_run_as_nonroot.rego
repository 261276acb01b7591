# No container runs as root.

# METADATA
# title: Every container says by number as which user it runs, and it is not root
# description: >-
#   The image may say so too, but the next image may not; root in a container is a step nearer to the host, and to the files of
#   other containers of the task.
# custom:
#   remediation: Set user to "65532:65532", or another user and group above 0.
#   severity: error
#   control: CIS Docker 5.2; CWE-250
#   resources: aws_ecs_task_definition
package terraform.containers_run_as_nonroot

import data.lib.terraform

deny contains terraform.finding(rego.metadata.chain(), entry.task.address, sprintf("%s runs as %v.", [entry.container.name, object.get(entry.container, "user", "whom its image names")])) if {
	some entry in terraform.containers
	not regex.match(`^[1-9][0-9]*:[1-9][0-9]*$`, object.get(entry.container, "user", ""))
}
