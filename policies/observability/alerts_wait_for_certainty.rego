# One bad value wakes nobody.

# METADATA
# title: Every alert has to hold for a while
# description: >-
#   A single scrape that failed, or a deployment, is over before anybody has opened the laptop; who is woken for nothing stops
#   listening. The alert on a burn rate, over a long window and a short one, has waited by its windows.
# custom:
#   remediation: Write `for:`, longer than two scrapes.
#   severity: warning
#   control: Google SRE Workbook 5
package observability.alerts_wait_for_certainty

import data.lib.alerts
import data.lib.document

deny contains document.finding(rego.metadata.chain(), alert.line, sprintf("%s fires at the first value.", [alert.rule.alert])) if {
	some alert in alerts.alerts
	regex.match(`^(0[a-z]*)?$`, sprintf("%v", [object.get(alert.rule, "for", "")]))
	not averages_over_two_windows(alert.rule.expr)
}

# With `for:` besides it would be late, and begin anew with each gap: https://sre.google/workbook/alerting-on-slos/, 6.
averages_over_two_windows(expr) if {
	windows := {window | some [_, window] in regex.find_all_string_submatch_n(`:ratio_rate([0-9]+[smhd])\b`, expr, -1)}
	count(windows) > 1
}
