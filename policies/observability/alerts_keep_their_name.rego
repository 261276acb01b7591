# An alert is the same as long as it lasts.

# METADATA
# title: No label of an alert changes with its value, and no two alerts share a name
# description: >-
#   With the value in a label each evaluation is a new alert: it never fires for long enough, and never resolves. Two of one name
#   hide each other in every list.
# custom:
#   remediation: Put values into annotations; name alerts after the symptom, in one word of capitals and small letters.
#   severity: error
#   control: >-
#     Prometheus: alerting rules
package observability.alerts_keep_their_name

import data.lib.alerts
import data.lib.document

deny contains document.finding(rego.metadata.chain(), alert.line, sprintf("The label %s of %s changes with the value.", [name, alert.rule.alert])) if {
	some alert in alerts.alerts
	some name, value in object.get(alert.rule, "labels", {})
	regex.match(`\$value|\.Value|humanize|now`, sprintf("%v", [value]))
}

deny contains document.finding(rego.metadata.chain(), alert.line, sprintf("%s is no name of a symptom.", [alert.rule.alert])) if {
	some alert in alerts.alerts
	not regex.match(`^([A-Z][a-z0-9]+)+[A-Z]?$|^[A-Z][A-Za-z0-9]{3,}$`, alert.rule.alert)
}

deny contains document.finding(rego.metadata.chain(), document.line_of(sprintf("alert: %s", [name])), sprintf("%s is there twice.", [name])) if {
	names := [rule.alert | some group in document.content.groups; some rule in group.rules; rule.alert]
	some index, name in names
	name in array.slice(names, 0, index)
}
