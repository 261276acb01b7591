# What containers_have_no_privileges refuses, and what it lets pass.
package terraform.containers_have_no_privileges_test

import data.lib.terraform_plan as tf
import data.terraform.containers_have_no_privileges

denied(resources) := found if found := {finding.resource | some finding in containers_have_no_privileges.deny} with input as tf.plan(resources)

dropped := {"capabilities": {"drop": ["ALL"], "add": []}}

container(attributes) := [tf.task([object.union({"name": "service", "linuxParameters": dropped}, attributes)])]

test_one_without_rights_passes if denied(container({"privileged": false})) == set()

test_each_right_is_refused if {
	denied(container({"privileged": true})) == {"aws_ecs_task_definition.service"}
	denied([tf.task([{"name": "service"}])]) == {"aws_ecs_task_definition.service"}
	denied(container({"linuxParameters": {"capabilities": {"add": ["SYS_PTRACE"]}}})) == {"aws_ecs_task_definition.service"}
	denied(container({"linuxParameters": {"devices": [{"hostPath": "/dev/a"}]}})) == {"aws_ecs_task_definition.service"}
}

task(attributes) := [tf.resource("aws_ecs_task_definition", "a", object.union({"container_definitions": "[]", "volume": null}, attributes))]

test_what_a_task_shares_with_its_host_is_refused if {
	denied(task({"network_mode": "awsvpc", "volume": [{"name": "scratch", "host_path": ""}]})) == set()
	denied(task({"network_mode": "host"})) == {"aws_ecs_task_definition.a"}
	denied(task({"pid_mode": "host"})) == {"aws_ecs_task_definition.a"}
	denied([tf.resource("aws_ecs_task_definition", "a", {"container_definitions": "[]", "volume": [{"name": "docker", "host_path": "/var/run/docker.sock"}]})]) == {"aws_ecs_task_definition.a"}
}
