# What certificates_are_publicly_trusted refuses, and what it lets pass.
package terraform.certificates_are_publicly_trusted_test

import data.lib.terraform_plan as tf
import data.terraform.certificates_are_publicly_trusted

denied(resources) := found if found := {finding.resource | some finding in certificates_are_publicly_trusted.deny} with input as tf.plan(resources)

said(resources) := found if found := {finding.msg | some finding in certificates_are_publicly_trusted.deny} with input as tf.plan(resources)

ours := {"domain_name": "example.com", "validation_method": "DNS", "arn": {"later": true}, "type": {"later": true}}

certificate(attributes) := tf.resource("aws_acm_certificate", "main", object.union(ours, attributes))

validation := tf.resource("aws_acm_certificate_validation", "main", {"certificate_arn": {"ref": "aws_acm_certificate.main.arn"}})

balancer(internal) := tf.resource("aws_lb", "main", {"internal": internal, "arn": {"later": true}})

listener(arn) := tf.resource("aws_lb_listener", "main", {"protocol": "HTTPS", "certificate_arn": arn, "load_balancer_arn": {"ref": "aws_lb.main.arn"}, "arn": {"later": true}})

validated := listener({"ref": "aws_acm_certificate_validation.main.certificate_arn"})

direct := listener({"ref": "aws_acm_certificate.main.arn"})

test_one_that_amazon_issues_passes if {
	denied([balancer(false), certificate({}), validation, validated]) == set()
	denied([balancer(false), certificate({}), direct]) == set()
	denied([balancer(false), certificate({"validation_method": "EMAIL"}), direct]) == set()
	denied([balancer(false), certificate({"arn": "arn:a", "type": "AMAZON_ISSUED"}), listener("arn:a")]) == set()
}

test_one_of_a_private_authority_is_refused if {
	private := certificate({"certificate_authority_arn": "arn:ca", "validation_method": {"later": true}})
	said([balancer(false), private, direct]) == {"Its certificate_arn comes from aws_acm_certificate.main, which a private authority issues."}
	denied([balancer(false), private, validation, validated]) == {"aws_lb_listener.main"}
	denied([balancer(false), certificate({"certificate_authority_arn": {"ref": "aws_acmpca_certificate_authority.main.arn"}}), direct]) == {"aws_lb_listener.main"}
}

test_one_that_was_imported_is_refused if {
	said([balancer(false), certificate({"certificate_body": "PEM", "validation_method": {"later": true}}), direct]) == {"Its certificate_arn comes from aws_acm_certificate.main, which somebody imports."}
	denied([balancer(false), certificate({"private_key": {"ref": "tls_private_key.main.private_key_pem"}}), direct]) == {"aws_lb_listener.main"}
	said([balancer(false), certificate({"arn": "arn:a", "type": "IMPORTED"}), listener("arn:a")]) == {"Its certificate_arn comes from aws_acm_certificate.main, which AWS calls IMPORTED."}
}

test_one_that_is_not_validated_is_refused if {
	every method in ["NONE", null, {"later": true}] {
		said([balancer(false), certificate({"validation_method": method}), direct]) == {"Its certificate_arn comes from aws_acm_certificate.main, which is validated neither by DNS nor by e-mail."}
	}
}

test_one_that_the_plan_does_not_make_is_refused if {
	said([balancer(false), certificate({}), listener("arn:other")]) == {"Its certificate_arn comes from a value, which says nothing of who issued it."}
	said([balancer(false), listener({"ref": "aws_iam_server_certificate.main.arn"})]) == {"Its certificate_arn comes from aws_iam_server_certificate.main, which says nothing of who issued it."}
	denied([balancer(false), certificate({}), listener({"ref": "data.aws_acm_certificate.main.arn"})]) == {"aws_lb_listener.main"}
}

test_what_can_not_be_followed_is_refused if {
	said([balancer(false), certificate({}), listener({"later": true})]) == {"Its certificate_arn comes from something unnamed, which says nothing of who issued it."}
	said([balancer(false), certificate({}), listener({"ref": "local.certificate_arn"})]) == {"Its certificate_arn comes from local.certificate_arn, which says nothing of who issued it."}
	denied([balancer(false), certificate({}), tf.resource("aws_acm_certificate_validation", "main", {"certificate_arn": {"later": true}}), validated]) == {"aws_lb_listener.main"}
}

test_each_of_several_origins_counts if {
	denied([balancer(false), certificate({}), listener({"ref": ["aws_acm_certificate.main.arn", "var.is_custom"]})]) == set()
	denied([balancer(false), certificate({}), listener({"ref": ["aws_acm_certificate.main.arn", "aws_iam_server_certificate.main.arn"]})]) == {"aws_lb_listener.main"}
}

several(attributes) := tf.instance("aws_acm_certificate", "main", "b", object.union(ours, attributes))

test_of_several_all_are_held_to_it if {
	counted := tf.instance("aws_lb_listener_certificate", "main", "b", {"listener_arn": {"ref": "aws_lb_listener.main.arn"}, "certificate_arn": {"ref": ["aws_acm_certificate.main", "each.key"]}})
	denied([balancer(false), several({}), direct, counted]) == set()
	denied([balancer(false), several({}), tf.instance("aws_acm_certificate", "main", "a", {"certificate_authority_arn": "arn:ca"}), counted]) == {"aws_lb_listener_certificate.main[\"b\"]"}
}

through(origin) := tf.patched(
	tf.resource("aws_lb_listener_certificate", "main", {"listener_arn": {"ref": "aws_lb_listener.main.arn"}, "certificate_arn": {"ref": "each.value.arn"}}),
	[{"op": "add", "path": "/configured/for_each_expression", "value": {"references": [origin]}}],
)

test_what_is_gone_through_is_followed if {
	denied([balancer(false), certificate({}), direct, through("aws_acm_certificate.main")]) == set()
	denied([balancer(false), certificate({}), direct, through("local.certificates")]) == {"aws_lb_listener_certificate.main"}
}

in_module(reference) := object.union(tf.plan([]), {
	"resource_changes": [object.union(direct.planned, {"address": "module.edge.aws_lb_listener.main"}), object.union(certificate({}).planned, {"address": "module.edge.aws_acm_certificate.main"})],
	"configuration": {"root_module": {"module_calls": {"edge": {"module": {"resources": [object.union(direct.configured, {"expressions": {"certificate_arn": {"references": ["aws_acm_certificate.main.arn", reference]}}})]}}}}},
})

test_within_a_module_its_variables_are_not_known if {
	count(certificates_are_publicly_trusted.deny) == 0 with input as in_module("count.index")
	count(certificates_are_publicly_trusted.deny) == 1 with input as in_module("var.certificate_arn")
}

test_a_listener_without_one_passes_on_what_nobody_sees if {
	every protocol in ["HTTPS", "TLS", "TCP", "UDP", null] {
		said([balancer(false), tf.resource("aws_lb_listener", "main", {"protocol": protocol})]) == {"It has no certificate that the plan shows. What passes through it ends at one that nobody sees here."}
	}
	denied([balancer(false), tf.resource("aws_lb_listener", "main", {"protocol": "HTTP"})]) == set()
}

more := tf.resource("aws_lb_listener_certificate", "main", {"listener_arn": {"ref": "aws_lb_listener.main.arn"}, "certificate_arn": "arn:other"})

test_what_stays_inside_may_have_its_own if {
	denied([balancer(true), listener("arn:other"), more]) == set()
	denied([tf.resource("aws_lb", "main", {"internal": true, "arn": "arn:b"}), tf.resource("aws_lb_listener", "main", {"protocol": "HTTPS", "certificate_arn": "arn:other", "load_balancer_arn": "arn:b"})]) == set()
	denied([tf.resource("aws_api_gateway_domain_name", "main", {"certificate_arn": "arn:other", "endpoint_configuration": [{"types": ["PRIVATE"]}]})]) == set()
}

test_what_is_not_seen_to_stay_inside_is_outside if {
	every internal in [false, null, {"later": true}] {
		denied([balancer(internal), listener("arn:other"), more]) == {"aws_lb_listener.main", "aws_lb_listener_certificate.main"}
	}
	denied([listener("arn:other"), more]) == {"aws_lb_listener.main", "aws_lb_listener_certificate.main"}
	denied([balancer(true), tf.resource("aws_lb_listener", "main", {"protocol": "HTTPS", "certificate_arn": "arn:other", "load_balancer_arn": {"ref": ["aws_lb.main.arn", "data.aws_lb.other.arn"]}})]) == {"aws_lb_listener.main"}
}

# A block whose value only the apply knows.
later_in(type, block, known, attribute, references) := tf.patched(tf.resource(type, "main", {block: known}), [
	{"op": "add", "path": "/planned/change/after_unknown", "value": {block: [{attribute: true}]}},
	{"op": "replace", "path": "/configured/expressions", "value": {block: [{attribute: {"references": references}, "other": {"references": ["local.other"]}}]}},
])

test_blocks_are_looked_into if {
	every type, block in {"aws_apigatewayv2_domain_name": "domain_name_configuration", "aws_cloudfront_distribution": "viewer_certificate"} {
		attribute := {"domain_name_configuration": "certificate_arn", "viewer_certificate": "acm_certificate_arn"}[block]
		denied([certificate({}), later_in(type, block, [{}], attribute, ["aws_acm_certificate.main.arn"])]) == set()
		denied([certificate({}), later_in(type, block, [{}], attribute, ["aws_iam_server_certificate.main.arn"])]) == {sprintf("%s.main", [type])}

		# As of a `dynamic` block beside it.
		denied([certificate({}), later_in(type, block, [{}, {}], attribute, ["aws_acm_certificate.main.arn"])]) == {sprintf("%s.main", [type])}
	}
}

distribution(settings) := tf.resource("aws_cloudfront_distribution", "main", {"viewer_certificate": [settings]})

test_a_distribution_has_amazons_own_or_one_of_the_plan if {
	denied([distribution({"cloudfront_default_certificate": true})]) == set()
	denied([distribution({"iam_certificate_id": "ASCA"})]) == {"aws_cloudfront_distribution.main"}
	denied([distribution({})]) == {"aws_cloudfront_distribution.main"}
}

test_names_of_other_services_are_held_to_it_too if {
	every type in ["aws_api_gateway_domain_name", "aws_appsync_domain_name", "aws_cognito_user_pool_domain"] {
		denied([certificate({}), tf.resource(type, "main", {"certificate_arn": {"ref": "aws_acm_certificate.main.arn"}})]) == set()
		denied([certificate({}), tf.resource(type, "main", {"certificate_arn": "arn:other"})]) == {sprintf("%s.main", [type])}
	}
	denied([tf.resource("aws_cognito_user_pool_domain", "main", {})]) == set()
	said([tf.resource("aws_api_gateway_domain_name", "main", {"certificate_body": "PEM"})]) == {"Its certificate_body comes from a value, which says nothing of who issued it."}
}

classic(internal, block) := tf.resource("aws_elb", "main", {"internal": internal, "listener": [block]})

test_every_listener_of_a_classic_balancer_is_held_to_it if {
	denied([classic(false, {"lb_protocol": "HTTP", "ssl_certificate_id": ""})]) == set()
	denied([classic(true, {"lb_protocol": "ssl", "ssl_certificate_id": "arn:other"})]) == set()
	every protocol in ["https", "ssl", "tcp"] {
		denied([classic(false, {"lb_protocol": protocol, "ssl_certificate_id": ""})]) == {"aws_elb.main"}
	}
	denied([classic(false, {"lb_protocol": "https", "ssl_certificate_id": "arn:other"})]) == {"aws_elb.main"}
	denied([certificate({}), later_in("aws_elb", "listener", [{"lb_protocol": "https"}], "ssl_certificate_id", ["aws_acm_certificate.main.arn"])]) == set()
}
