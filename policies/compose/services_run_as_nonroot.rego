# No service runs as root.

# METADATA
# title: Every service says by number as which user it runs, and it is not root
# description: >-
#   Without rootless Docker, root in a container is the root of the laptop as soon as anything leaks out of it.
# custom:
#   remediation: >-
#     Write user: "65534:65534", or the number that the image has.
#   severity: error
#   control: CIS Docker 5.2; CWE-250
package compose.services_run_as_nonroot

import data.lib.compose
import data.lib.document

deny contains document.finding(rego.metadata.chain(), compose.line(name), sprintf("%s runs as %v.", [name, object.get(service, "user", "whom its image names")])) if {
	some name, service in compose.services
	not regex.match(`^[1-9][0-9]*(:[1-9][0-9]*)?$`, sprintf("%v", [object.get(service, "user", "")]))
}
