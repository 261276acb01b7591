# Whoever comes from the internet can tell that it is us, with nothing but what they have.

# METADATA
# title: What faces the internet has a certificate that Amazon's public authority issues, by this plan
# description: >-
#   A certificate of a private authority, or of nobody knows whom, makes browsers warn and has people and programs go on without
#   checking, so that whoever stands between is believed as well. One that was imported is renewed by nobody.
# custom:
#   remediation: >-
#     Refer to an aws_acm_certificate of the same configuration, or to its aws_acm_certificate_validation, by name: a local value
#     can't be followed. It has validation_method DNS or EMAIL, and neither certificate_authority_arn nor certificate_body. Where
#     another authority issues what all clients trust, waive it for the resource that the finding names, in
#     policies/terraform/waivers.json, and say in the reason which authority that is.
#   severity: error
#   control: ASVS 12.2.2
#   resources: >-
#     aws_lb_listener, aws_lb_listener_certificate (and their forms with alb), aws_elb, aws_cloudfront_distribution,
#     aws_api_gateway_domain_name, aws_apigatewayv2_domain_name, aws_appsync_domain_name, aws_cognito_user_pool_domain
package terraform.certificates_are_publicly_trusted

import data.lib.terraform
import data.lib.terraform_origins as origins

deny contains terraform.finding(rego.metadata.chain(), front.resource.address, "It has no certificate that the plan shows. What passes through it ends at one that nobody sees here.") if {
	some front in fronts
	every path in front.paths {
		not is_given(front.resource, path)
	}
}

deny contains terraform.finding(rego.metadata.chain(), front.resource.address, sprintf("Its %s comes from %s, which %s.", [path[count(path) - 1], origin, concat(", and which ", object.get(faults, origin, {"says nothing of who issued it"}))])) if {
	some front in fronts
	some path in front.paths
	is_given(front.resource, path)
	some origin in issuers(front.resource, path)
	not origin in trusted
}

# What clients on the internet talk TLS to, and where it names its certificate.
fronts contains {"resource": resource, "paths": paths} if {
	some type, paths in places
	some resource in terraform.of_type({type})
	not is_internal(resource)
	not needs_none(resource)
}

fronts contains {"resource": balancer, "paths": [["listener", index, "ssl_certificate_id"]]} if {
	some balancer in terraform.of_type({"aws_elb"})
	not terraform.setting(balancer, ["internal"]) == true
	some index, listener in terraform.blocks(balancer, "listener")
	not lower(listener.lb_protocol) == "http"
}

places := {
	"aws_alb_listener": [["certificate_arn"]],
	"aws_alb_listener_certificate": [["certificate_arn"]],
	"aws_api_gateway_domain_name": [["certificate_arn"], ["regional_certificate_arn"], ["certificate_body"]],
	"aws_apigatewayv2_domain_name": [["domain_name_configuration", 0, "certificate_arn"]],
	"aws_appsync_domain_name": [["certificate_arn"]],
	"aws_cloudfront_distribution": [["viewer_certificate", 0, "acm_certificate_arn"], ["viewer_certificate", 0, "iam_certificate_id"]],
	"aws_cognito_user_pool_domain": [["certificate_arn"]],
	"aws_lb_listener": [["certificate_arn"]],
	"aws_lb_listener_certificate": [["certificate_arn"]],
}

is_given(resource, path) if not terraform.setting(resource, path) in {null, ""}

is_given(resource, path) if terraform.is_unknown(resource, path)

# Plain HTTP is redirected (listeners_demand_modern_tls), and a name of Amazon's own has Amazon's certificate.
needs_none(resource) if terraform.setting(resource, ["protocol"]) == "HTTP"

needs_none(resource) if terraform.setting(resource, ["viewer_certificate", 0, "cloudfront_default_certificate"]) == true

needs_none(resource) if {
	resource.type == "aws_cognito_user_pool_domain"
	not is_given(resource, ["certificate_arn"])
}

# What can't be followed to a load balancer that stays inside counts as outside.
is_internal(resource) if is_within(resource, "load_balancer_arn", internal_balancers)

is_internal(resource) if is_within(resource, "listener_arn", internal_listeners)

is_internal(resource) if terraform.setting(resource, ["endpoint_configuration", 0, "types"]) == ["PRIVATE"]

is_within(resource, attribute, inside) if {
	every origin in origins.of(resource, [attribute]) {
		origin in inside
	}
}

balancers := terraform.of_type({"aws_alb", "aws_lb"})

internal_balancers := addresses(balancers) - addresses([balancer | some balancer in balancers; not terraform.setting(balancer, ["internal"]) == true])

listeners := terraform.of_type({"aws_alb_listener", "aws_lb_listener"})

internal_listeners := addresses(listeners) - addresses([listener | some listener in listeners; not is_within(listener, "load_balancer_arn", internal_balancers)])

addresses(resources) := {terraform.unindexed(resource.address) | some resource in resources}

certificates := terraform.of_type({"aws_acm_certificate"})

# Amazon's roots are in the programs of Mozilla, Microsoft, Apple and Google (https://www.amazontrust.com/repository/). Of one that there
# are several of, all are held to it.
trusted := addresses(certificates) - object.keys(faults)

faults[terraform.unindexed(certificate.address)] contains fault(certificate) if some certificate in certificates

fault(certificate) := "a private authority issues" if {
	terraform.is_set(certificate, "certificate_authority_arn")
} else := "somebody imports" if {
	some attribute in ["certificate_body", "private_key"]
	terraform.is_set(certificate, attribute)
} else := sprintf("AWS calls %v", [type]) if {
	type := terraform.setting(certificate, ["type"])
	not type in {null, "AMAZON_ISSUED"}
} else := "is validated neither by DNS nor by e-mail" if {
	not terraform.setting(certificate, ["validation_method"]) in {"DNS", "EMAIL"}
}

# A validation hands on the certificate that it waited for.
issuers(resource, path) := {issuer |
	some origin in origins.of(resource, path)
	some issuer in object.get(validated, origin, {origin})
}

validated[terraform.unindexed(validation.address)] contains origin if {
	some validation in terraform.of_type({"aws_acm_certificate_validation"})
	some origin in origins.of(validation, ["certificate_arn"])
}
