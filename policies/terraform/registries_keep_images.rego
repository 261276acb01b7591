# An image that was released stays what it was.

# METADATA
# title: Registries are immutable, scanned, and don't lose what runs
# description: >-
#   In a registry whose tags move, the same name is another program tomorrow. An image is scanned when it is pushed, or nobody
#   hears of the hole in it.
# custom:
#   remediation: >-
#     image_tag_mutability = "IMMUTABLE", scan_on_push = true, and a lifecycle policy that leaves what environments run.
#   severity: error
#   control: OSPS-BR-01.04; AWS Well-Architected SEC06-BP02
#   resources: aws_ecr_repository
package terraform.registries_keep_images

import data.lib.terraform

deny contains terraform.finding(rego.metadata.chain(), repository.address, "Its tags can be moved.") if {
	some repository in terraform.of_type({"aws_ecr_repository"})
	terraform.setting(repository, ["image_tag_mutability"]) != "IMMUTABLE"
}

deny contains terraform.finding(rego.metadata.chain(), repository.address, "Nothing scans what is pushed.") if {
	some repository in terraform.of_type({"aws_ecr_repository"})
	terraform.setting(repository, ["image_scanning_configuration", 0, "scan_on_push"]) != true
}

deny contains terraform.finding(rego.metadata.chain(), "aws_ecrpublic_repository", "It is for everybody to read.") if count(terraform.of_type({"aws_ecrpublic_repository"})) > 0
