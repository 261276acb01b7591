# The image runs as a user that is not root, by number.

# METADATA
# title: The image runs as a user that is not root, by number
# description: >-
#   Root in a container is root on the host as soon as anything leaks out of it, and an orchestrator can only tell by a number (CWE-250).
# custom:
#   remediation: End the final stage with USER and a numeric user and group above 0, such as 65532:65532.
#   severity: error
#   control: CIS Docker 4.1
package docker.image_runs_as_nonroot

import data.lib.dockerfile

deny contains dockerfile.finding(rego.metadata.chain(), user, sprintf("The image runs as %s.", [user.values[0]])) if {
	user := dockerfile.last("user")
	not regex.match(`^[1-9][0-9]*(:[1-9][0-9]*)?$`, user.values[0])
}

deny contains dockerfile.finding(rego.metadata.chain(), dockerfile.froms[dockerfile.final], "The final stage names no USER.") if {
	not dockerfile.last("user")
}
