# A service sees its own files, and none of its machine.

# METADATA
# title: No service mounts the socket of Docker or a folder of the machine
# description: >-
#   Whoever can talk to the socket of Docker is root of the machine, also through a mount that is read-only. Dashboards and
#   collectors ask for it only for convenience.
# custom:
#   remediation: >-
#     Mount files of this repository (./…, read-only) and named volumes. What is to be watched on the machine is asked by its own
#     exporter.
#   severity: error
#   control: CIS Docker 5.6, 5.32; CWE-250
package compose.the_machine_is_out_of_reach

import data.lib.compose
import data.lib.document

deny contains document.finding(rego.metadata.chain(), document.line_of(mount.source), sprintf("%s mounts %s.", [mount.service, mount.source])) if {
	some mount in compose.mounts
	not is_own(mount.source)
}

is_own(source) if {
	startswith(source, "./")
	not regex.match(`(^|/)\.\.(/|$)|docker\.sock`, source)
}
