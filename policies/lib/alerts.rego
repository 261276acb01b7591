# A file of Prometheus' rules as its policies see it: the alerts, and where each of them begins.

# METADATA
# title: Alerts as their policies see them
# description: >-
#   The input is {file, text, tree}; tree has every path of the repository. Recording rules are none of these.
package lib.alerts

import data.lib.document

alerts contains {"group": group.name, "rule": rule, "line": document.line_of(sprintf("alert: %s", [rule.alert]))} if {
	some group in document.content.groups
	some rule in group.rules
	rule.alert
}
