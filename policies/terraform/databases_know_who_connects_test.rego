# What databases_know_who_connects refuses, and what it lets pass.
package terraform.databases_know_who_connects_test

import data.lib.terraform_plan as tf
import data.terraform.databases_know_who_connects

denied(resources) := found if found := {finding.resource | some finding in databases_know_who_connects.deny} with input as tf.plan(resources)

database(attributes) := [tf.resource("aws_db_instance", "a", object.union({"iam_database_authentication_enabled": true, "manage_master_user_password": true}, attributes))]

test_tokens_pass if denied(database({})) == set()

test_passwords_are_refused if {
	denied(database({"iam_database_authentication_enabled": false})) == {"aws_db_instance.a"}
	denied(database({"manage_master_user_password": null})) == {"aws_db_instance.a"}
}

test_a_cache_asks_too if {
	denied([tf.resource("aws_elasticache_replication_group", "a", {"user_group_ids": ["a"]})]) == set()
	denied([tf.resource("aws_elasticache_replication_group", "a", {"user_group_ids": {"ref": "aws_elasticache_user_group.a.id"}})]) == set()
	denied([tf.resource("aws_elasticache_replication_group", "a", {})]) == {"aws_elasticache_replication_group.a"}
}
