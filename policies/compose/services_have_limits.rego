# One service can't take the whole machine.

# METADATA
# title: Every service has a limit of memory and of processes
# description: A query over a year, or a loop that forks, otherwise stops the editor and everything beside it.
# custom:
#   remediation: Write mem_limit and pids_limit, or deploy.resources.limits with memory and pids.
#   severity: warning
#   control: CIS Docker 5.11, 5.29; CWE-770
package compose.services_have_limits

import data.lib.compose
import data.lib.document

deny contains document.finding(rego.metadata.chain(), compose.line(name), sprintf("%s has no limit of %s.", [name, what])) if {
	some name, service in compose.services
	some what, key in {"memory": "mem_limit", "pids": "pids_limit"}
	not service[key]
	not service.deploy.resources.limits[what]
}
