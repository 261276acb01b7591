# What runs is the image that was tested.

# METADATA
# title: Every container names its image by digest
# description: >-
#   A tag can be moved to another image, and then the next task of the same definition runs something else: a rollback included.
# custom:
#   remediation: Write repository@sha256:…, as the variable `image` demands; the workflow looks the digest up.
#   severity: error
#   control: CIS Docker 4.2; OSPS-BR-01.04; CWE-1357
#   resources: aws_ecs_task_definition
package terraform.images_have_digests

import data.lib.terraform

deny contains terraform.finding(rego.metadata.chain(), entry.task.address, sprintf("The image of %s has no digest.", [object.get(entry.container, "name", "a container")])) if {
	some entry in terraform.containers
	not regex.match(`^[^@\s]+@sha256:[0-9a-f]{64}$`, object.get(entry.container, "image", ""))
}
