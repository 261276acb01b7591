# What starts is what was started yesterday.

# METADATA
# title: Every image has a digest
# description: A tag can be moved to another image, and then the same file starts something else (CWE-1357).
# custom:
#   remediation: Append the digest that the tag has now, as in image:tag@sha256:…; an updater keeps it fresh.
#   severity: error
#   control: CIS Docker 4.2; CWE-1357
package compose.images_have_digests

import data.lib.compose
import data.lib.document

deny contains document.finding(rego.metadata.chain(), compose.line(name), sprintf("The image %v of %s has no digest.", [image, name])) if {
	some name, service in compose.services
	image := object.get(service, "image", "")
	not regex.match(`^[^@\s]+@sha256:[0-9a-f]{64}$`, image)
	not is_built(service)
}

# What is built here has a Dockerfile, with policies of its own.
is_built(service) if {
	service.build
	not service.image
}
