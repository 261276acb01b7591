# One data centre may burn.

# METADATA
# title: In production, tasks, load balancer, database and cache are in two zones or more
# description: >-
#   A zone of AWS fails about once a year somewhere. What is in one zone alone is then gone with it, and other customers have
#   taken the room elsewhere.
# custom:
#   remediation: >-
#     Two tasks at least and min_capacity 2, subnets of at least two zones, multi_az, automatic_failover_enabled.
#   severity: error
#   control: AWS Well-Architected REL10-BP01
#   resources: >-
#     aws_ecs_service, aws_lb, aws_db_instance, aws_db_subnet_group, aws_elasticache_replication_group, aws_appautoscaling_target
package terraform.services_survive_a_zone

import data.lib.terraform

deny contains terraform.finding(rego.metadata.chain(), resource.address, sprintf("Its subnets are in %d zone.", [count(zones(resource, attribute))])) if {
	some resource in terraform.planned
	attribute := spread[resource.type]
	count(zones(resource, attribute)) < 2
}

spread := {
	"aws_alb": "subnets",
	"aws_db_subnet_group": "subnet_ids",
	"aws_ecs_service": "network_configuration",
	"aws_elasticache_subnet_group": "subnet_ids",
	"aws_lb": "subnets",
}

zones(resource, attribute) := {zone |
	some subnet in terraform.of_type({"aws_subnet"})
	terraform.points_at(resource, attribute, subnet)
	zone := terraform.setting(subnet, ["availability_zone"])
	zone != null
}

# What a computed index picks is told by the values alone, once they are known.
deny contains terraform.finding(rego.metadata.chain(), resource.address, "It is in one subnet.") if {
	some resource in terraform.planned
	subnets := terraform.as_list(terraform.setting(resource, subnets_in[resource.type]))
	count(subnets) == 1
	is_string(subnets[0])
}

subnets_in := {
	"aws_alb": ["subnets"],
	"aws_db_subnet_group": ["subnet_ids"],
	"aws_ecs_service": ["network_configuration", 0, "subnets"],
	"aws_elasticache_subnet_group": ["subnet_ids"],
	"aws_lb": ["subnets"],
}

deny contains terraform.finding(rego.metadata.chain(), resource.address, sprintf("Its %s is %v.", [attribute, terraform.setting(resource, [attribute])])) if {
	terraform.is_production
	some resource in terraform.planned
	some attribute, least in numbers_needed[resource.type]
	not terraform.setting(resource, [attribute]) >= least
}

numbers_needed := {
	"aws_appautoscaling_target": {"min_capacity": 2},
	"aws_ecs_service": {"desired_count": 2},
	"aws_elasticache_replication_group": {"num_cache_clusters": 2},
}

deny contains terraform.finding(rego.metadata.chain(), resource.address, sprintf("Its %s is not true.", [attribute])) if {
	terraform.is_production
	some resource in terraform.planned
	some attribute in switches[resource.type]
	not terraform.setting(resource, [attribute]) == true
}

switches := {
	"aws_db_instance": ["multi_az"],
	"aws_elasticache_replication_group": ["automatic_failover_enabled", "multi_az_enabled"],
}
