# What runs on a laptop is for whoever sits at it.

# METADATA
# title: Every published port is bound to the loopback address
# description: >-
#   Docker opens a published port on every address, past the firewall of the machine: a metrics database on a laptop is then open
#   to the whole café.
# custom:
#   remediation: >-
#     Write "127.0.0.1:9090:9090", or host_ip: 127.0.0.1 in the long form; what services say to each other needs no port at all.
#   severity: error
#   control: CIS Docker 5.14; CWE-668
package compose.ports_stay_on_this_machine

import data.lib.compose
import data.lib.document

deny contains document.finding(rego.metadata.chain(), compose.line(port.service), sprintf("%s listens on every address: %s.", [port.service, port.text])) if {
	some port in compose.ports
	not port.host in {"127.0.0.1", "::1", "[::1]"}
}
