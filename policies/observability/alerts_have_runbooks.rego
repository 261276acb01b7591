# Every alert leads to a page that says what to do.

# METADATA
# title: The runbook of every alert is a file of this repository
# description: >-
#   Who is woken has not written the service. A link to a page that is not there is found out at the worst moment.
# custom:
#   remediation: Write observability/runbooks/<Alert>.md, and end annotations.runbook_url in its name.
#   severity: error
#   control: Google SRE Workbook 8; AWS Well-Architected OPS07-BP03
package observability.alerts_have_runbooks

import data.lib.alerts
import data.lib.document

deny contains document.finding(rego.metadata.chain(), alert.line, sprintf("%s has no runbook.", [alert.rule.alert])) if {
	some alert in alerts.alerts
	object.get(alert.rule, ["annotations", "runbook_url"], "") == ""
}

deny contains document.finding(rego.metadata.chain(), alert.line, sprintf("%s is not in observability/runbooks/.", [url])) if {
	some alert in alerts.alerts
	url := alert.rule.annotations.runbook_url
	url != ""
	not leads_somewhere(url)
}

leads_somewhere(url) if {
	regex.match(`^https://`, url)
	path := split(url, "#")[0]
	parts := split(path, "/")
	name := trim_suffix(parts[count(parts) - 1], ".md")
	sprintf("observability/runbooks/%s.md", [name]) in input.tree
}
