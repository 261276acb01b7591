# A message says what is wrong, in words.

# METADATA
# title: Every alert has a summary that is a sentence
# description: At three in the morning an expression is no explanation.
# custom:
#   remediation: >-
#     Write annotations.summary: what is wrong, for whom, and since when matters.
#   severity: error
#   control: Google SRE Workbook 5
package observability.alerts_say_what_is_wrong

import data.lib.alerts
import data.lib.document

deny contains document.finding(rego.metadata.chain(), alert.line, sprintf("%s does not say what is wrong.", [alert.rule.alert])) if {
	some alert in alerts.alerts
	words := [word | some word in split(object.get(alert.rule, ["annotations", "summary"], ""), " "); regex.match(`\pL{2}`, word)]
	count(words) < 4
}
