# A file that everybody has is no place for a password.

# METADATA
# title: No variable of a service is a secret that stands in the file
# description: >-
#   A password for a laptop is copied to the first server that somebody sets up from this file; and a default one is tried first.
# custom:
#   remediation: >-
#     Have it made at the first start, or read it from a file by the _FILE form or `secrets:`; ${NAME:?} takes it from whoever
#     starts it.
#   severity: error
#   control: CWE-798; CIS Docker 4.10
package compose.secrets_stay_out_of_the_file

import data.lib.compose
import data.lib.document

deny contains document.finding(rego.metadata.chain(), document.line_of(variable.name), sprintf("%s gets %s from this file.", [variable.service, variable.name])) if {
	some variable in compose.variables
	regex.match(`(?i)(SECRET|PASSWORD|PASSWD|TOKEN|API_?KEY|PRIVATE_?KEY|ACCESS_?KEY)$`, variable.name)
	variable.value != ""
	not regex.match(`^\$\{\w+(:?\?[^}]*)?\}$|^\$\w+$`, variable.value)
}
