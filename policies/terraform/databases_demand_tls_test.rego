# What databases_demand_tls refuses, and what it lets pass.
package terraform.databases_demand_tls_test

import data.lib.terraform_plan as tf
import data.terraform.databases_demand_tls

denied(resources) := found if found := {finding.resource | some finding in databases_demand_tls.deny} with input as tf.plan(resources)

database := tf.resource("aws_db_instance", "main", {"parameter_group_name": {"ref": "aws_db_parameter_group.main.name"}})

group(parameters) := tf.resource("aws_db_parameter_group", "main", {"parameter": [{"name": name, "value": value} | some name, value in parameters]})

test_a_database_that_forces_it_passes if {
	denied([database, group({"rds.force_ssl": "1", "ssl_min_protocol_version": "TLSv1.2"})]) == set()
	denied([database, group({"rds.force_ssl": "1", "ssl_min_protocol_version": "TLSv1.3"})]) == set()
	denied([database, group({"require_secure_transport": "ON"})]) == set()
}

test_a_database_that_does_not_is_refused if {
	denied([database, group({"rds.force_ssl": "0"})]) == {"aws_db_instance.main"}
	denied([database, group({})]) == {"aws_db_instance.main"}
	denied([tf.resource("aws_db_instance", "main", {}), group({"rds.force_ssl": "1"})]) == {"aws_db_instance.main"}
	denied([database, group({"rds.force_ssl": "1", "ssl_min_protocol_version": "TLSv1.1"})]) == {"aws_db_parameter_group.main"}
	denied([database, group({"rds.force_ssl": "1", "ssl_min_protocol_version": "TLSv1"})]) == {"aws_db_parameter_group.main"}
}

cache(attributes) := tf.resource("aws_elasticache_replication_group", "a", attributes)

test_a_cache_is_held_to_it_too if {
	denied([cache({"transit_encryption_enabled": true})]) == set()
	denied([cache({"transit_encryption_enabled": true, "transit_encryption_mode": "preferred"})]) == {"aws_elasticache_replication_group.a"}
	denied([cache({"transit_encryption_enabled": false})]) == {"aws_elasticache_replication_group.a"}
	denied([tf.resource("aws_memorydb_cluster", "a", {"tls_enabled": true})]) == set()
	denied([tf.resource("aws_memorydb_cluster", "a", {"tls_enabled": false})]) == {"aws_memorydb_cluster.a"}
}
