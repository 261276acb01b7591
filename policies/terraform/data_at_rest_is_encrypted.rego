# What is written to a disk is written encrypted.

# METADATA
# title: Every store encrypts what it holds
# description: >-
#   A snapshot that is shared by mistake, or a disk that is not wiped, then shows nothing. For most stores the switch can't be
#   thrown later without making the store anew.
# custom:
#   remediation: Set the argument that the finding names.
#   severity: error
#   control: CIS AWS 2.2.1, 2.3.1; ASVS 14.2.2
#   resources: databases, caches, disks, file systems, streams, queues and topics, tables
package terraform.data_at_rest_is_encrypted

import data.lib.terraform

# What has to be true, by type.
switches := {
	"aws_athena_database": ["encryption_configuration", 0, "encryption_option"],
	"aws_dax_cluster": ["server_side_encryption", 0, "enabled"],
	"aws_db_cluster_snapshot": ["storage_encrypted"],
	"aws_db_instance": ["storage_encrypted"],
	"aws_docdb_cluster": ["storage_encrypted"],
	"aws_ebs_encryption_by_default": ["enabled"],
	"aws_ebs_volume": ["encrypted"],
	"aws_efs_file_system": ["encrypted"],
	"aws_elasticache_replication_group": ["at_rest_encryption_enabled"],
	"aws_fsx_lustre_file_system": ["kms_key_id"],
	"aws_kinesis_stream": ["kms_key_id"],
	"aws_memorydb_cluster": ["kms_key_arn"],
	"aws_mq_broker": ["encryption_options", 0, "kms_key_id"],
	"aws_neptune_cluster": ["storage_encrypted"],
	"aws_opensearch_domain": ["encrypt_at_rest", 0, "enabled"],
	"aws_rds_cluster": ["storage_encrypted"],
	"aws_redshift_cluster": ["encrypted"],
}

deny contains terraform.finding(rego.metadata.chain(), resource.address, sprintf("Its %s does not say that it is encrypted.", [switches[resource.type][0]])) if {
	some resource in terraform.planned
	path := switches[resource.type]
	not is_on(resource, path)
}

deny contains terraform.finding(rego.metadata.chain(), resource.address, sprintf("A disk of its %s is not encrypted.", [name])) if {
	some resource in terraform.of_type({"aws_instance", "aws_launch_configuration", "aws_launch_template"})
	some name in ["block_device_mappings", "ebs_block_device", "root_block_device"]
	some block in terraform.blocks(resource, name)
	is_object(block)
	some disk in terraform.as_list(object.get(block, "ebs", block))
	lower(sprintf("%v", [object.get(disk, "encrypted", false)])) != "true"
}

deny contains terraform.finding(rego.metadata.chain(), bucket.address, "No aws_s3_bucket_server_side_encryption_configuration refers to it.") if {
	some bucket in terraform.of_type({"aws_s3_bucket"})
	not terraform.has_companion(bucket, {"aws_s3_bucket_server_side_encryption_configuration"}, "bucket")
}

# A switch that is true, or the name of a key or of a way.
is_on(resource, path) if not terraform.setting(resource, path) in {null, "", false, "false"}

is_on(resource, path) if {
	terraform.is_unknown(resource, path)
	terraform.is_configured(resource, path[0])
}
