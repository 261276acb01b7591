# Every resource says whose it is.

# METADATA
# title: Every resource that takes tags says project, environment, repository and what manages it
# description: >-
#   A resource without an owner is nobody's to pay for, to patch or to delete; permissions, budgets and the clean-up of previews
#   go by these tags.
# custom:
#   remediation: Keep `default_tags` of the provider, and don't set one of these tags to nothing in a resource.
#   severity: warning
#   control: AWS Well-Architected COST02-BP05
#   resources: all that have tags_all
package terraform.resources_are_tagged

import data.lib.terraform

required := {"Environment", "ManagedBy", "Project", "Repository"}

deny contains terraform.finding(rego.metadata.chain(), resource.address, sprintf("It has no tag %s.", [concat(", ", missing)])) if {
	some resource in terraform.planned
	takes_tags(resource)
	missing := {tag | some tag in required; object.get(resource.change.after, ["tags_all", tag], "") in {"", null}}
	count(missing) > 0
}

takes_tags(resource) if "tags_all" in object.keys(resource.change.after)

takes_tags(resource) if terraform.is_unknown(resource, ["tags_all"])
