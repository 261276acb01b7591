# Whoever is woken is woken for a reason.

# METADATA
# title: Every alert is a page or a ticket
# description: >-
#   An alert without a severity goes to everybody or to nobody, as the routes happen to fall. Of four grades two are never looked
#   at.
# custom:
#   remediation: >-
#     Label it `severity: page` (a person, now) or `severity: ticket` (in working hours); what is neither is a panel.
#   severity: error
#   control: Google SRE Workbook 5
package observability.alerts_say_how_urgent

import data.lib.alerts
import data.lib.document

deny contains document.finding(rego.metadata.chain(), alert.line, sprintf("%s is neither a page nor a ticket.", [alert.rule.alert])) if {
	some alert in alerts.alerts
	not object.get(alert.rule, ["labels", "severity"], "") in {"page", "ticket"}
}
