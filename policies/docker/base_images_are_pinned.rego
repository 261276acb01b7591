# Every image that a build names has a digest.

# METADATA
# title: Every image that a build names has a digest
# description: >-
#   A tag can be moved to another image, and then the same Dockerfile builds something else (CWE-1357).
# custom:
#   remediation: Append the digest that the tag has now, as in image:tag@sha256:…; an updater keeps it fresh.
#   severity: error
#   control: CIS Docker 4.2
package docker.base_images_are_pinned

import data.lib.dockerfile

deny contains dockerfile.finding(rego.metadata.chain(), instruction, sprintf("The image %s has no digest.", [image])) if {
	some {"instruction": instruction, "reference": reference} in references
	not dockerfile.is_stage(reference)
	image := dockerfile.image(reference)
	image != "scratch"
	not is_pinned(image)
}

deny contains dockerfile.finding(rego.metadata.chain(), {"line": 1}, sprintf("The frontend %s, which reads this file, has no digest.", [input.frontend])) if {
	input.frontend != ""
	not is_pinned(input.frontend)
}

references contains {"instruction": instruction, "reference": instruction.values[0]} if {
	some instruction in input.instructions
	instruction.command == "from"
}

references contains {"instruction": instruction, "reference": trim(reference, `"'`)} if {
	some instruction in input.instructions
	instruction.command in {"copy", "add", "run"}
	some flag in instruction.flags
	[_, reference] := regex.find_all_string_submatch_n(`(?:^--|,)from=([^,]+)`, flag, 1)[0]
}

is_pinned(image) if regex.match(`@sha256:[0-9a-f]{64}$`, image)
