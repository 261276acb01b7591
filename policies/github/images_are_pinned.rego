# An image that a job starts is the one that was looked at.

# METADATA
# title: Every image is named with its digest
# description: >-
#   A tag of an image can be moved as a tag of an action can.
# custom:
#   remediation: >-
#     Write name:tag@sha256:…, the digest of the index of that tag.
#   severity: error
#   control: OpenSSF Scorecard Pinned-Dependencies; CWE-829
package github.images_are_pinned

import data.lib.workflow

deny contains {"line": workflow.line_of(image), "message": sprintf("%s has no digest.", [image])} if {
	some image in images
	not regex.match(`@sha256:[0-9a-f]{64}$`, image)
}

images contains job.container if {
	some job in workflow.jobs
	is_string(job.container)
}

images contains job.container.image if some job in workflow.jobs

images contains service.image if {
	some job in workflow.jobs
	some service in job.services
}

images contains workflow.content.runs.image if startswith(workflow.content.runs.image, "docker://")

deny contains {"line": script.line, "message": "The script starts an image without a digest."} if {
	some script in workflow.scripts
	some line in split(script.text, "\n")
	regex.match(`\b(docker|podman|nerdctl)\s+((container|image)\s+)?(run|pull|create)\b`, line)
	not regex.match(`@sha256:[0-9a-f]{64}|@"?\$`, line)
}
