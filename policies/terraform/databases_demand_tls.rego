# A client that speaks in the clear gets no connection.

# METADATA
# title: Databases and caches refuse connections without TLS
# description: >-
#   PostgreSQL's clients fall back to the clear where the server lets them; then a password and every row pass by in the network.
#   Whether a client checks whom it talks to is its own part.
# custom:
#   remediation: >-
#     Set rds.force_ssl to 1 and ssl_min_protocol_version to TLSv1.2 or newer in the parameter group that the instance refers to;
#     transit_encryption_enabled, and no mode but required, in a cache.
#   severity: error
#   control: ASVS 12.3.1, 12.3.3; CIS AWS 2.2.3
#   resources: aws_db_instance, aws_db_parameter_group, aws_elasticache_replication_group
package terraform.databases_demand_tls

import data.lib.terraform

deny contains terraform.finding(rego.metadata.chain(), database.address, "No parameter group that it refers to forces TLS.") if {
	some database in terraform.of_type({"aws_db_instance"})
	not forces_tls(database)
}

deny contains terraform.finding(rego.metadata.chain(), group.address, sprintf("It allows %s.", [value])) if {
	some group in terraform.of_type({"aws_db_parameter_group", "aws_rds_cluster_parameter_group"})
	value := parameters(group)[name]
	name in {"ssl_min_protocol_version", "tls_version"}
	regex.match(`(?i)^(SSL|TLSv1(\.[01])?($|,))`, value)
}

deny contains terraform.finding(rego.metadata.chain(), cache.address, "It answers in the clear.") if {
	some cache in terraform.of_type({"aws_elasticache_replication_group", "aws_memorydb_cluster"})
	not encrypts(cache)
}

forces_tls(database) if {
	some group in terraform.of_type({"aws_db_parameter_group"})
	terraform.points_at(database, "parameter_group_name", group)
	some name, value in parameters(group)
	name in {"rds.force_ssl", "require_secure_transport"}
	lower(value) in {"1", "on"}
}

parameters(group) := {parameter.name: sprintf("%v", [object.get(parameter, "value", "")]) | some parameter in terraform.blocks(group, "parameter")}

encrypts(cache) if {
	cache.type == "aws_elasticache_replication_group"
	terraform.setting(cache, ["transit_encryption_enabled"]) == true
	terraform.setting(cache, ["transit_encryption_mode"]) in {null, "required"}
}

encrypts(cache) if {
	cache.type == "aws_memorydb_cluster"
	not terraform.setting(cache, ["tls_enabled"]) == false
}
