# No service can change its own programs.

# METADATA
# title: The root file system of every service is read-only
# description: What gets in writes a program and runs it. What the service has to keep is in a volume, which is seen.
# custom:
#   remediation: >-
#     Write read_only: true, and tmpfs or a volume for what is written.
#   severity: error
#   control: CIS Docker 5.13
package compose.file_systems_are_read_only

import data.lib.compose
import data.lib.document

deny contains document.finding(rego.metadata.chain(), compose.line(name), sprintf("%s can write to its root file system.", [name])) if {
	some name, service in compose.services
	not object.get(service, "read_only", false) == true
}
