# What listeners_demand_modern_tls refuses, and what it lets pass.
package terraform.listeners_demand_modern_tls_test

import data.lib.terraform_plan as tf
import data.terraform.listeners_demand_modern_tls

denied(resources) := found if found := {finding.resource | some finding in listeners_demand_modern_tls.deny} with input as tf.plan(resources)

listener(attributes) := tf.resource("aws_lb_listener", "a", attributes)

https(policy) := listener({"protocol": "HTTPS", "ssl_policy": policy})

test_policies_of_today_pass if {
	every policy in ["ELBSecurityPolicy-TLS13-1-2-Res-2021-06", "ELBSecurityPolicy-TLS13-1-3-2021-06", "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09", "ELBSecurityPolicy-TLS13-1-3-PQ-2025-09", "ELBSecurityPolicy-TLS13-1-2-Res-FIPS-PQ-2025-09"] {
		denied([https(policy)]) == set()
	}
}

test_older_ones_and_none_are_refused if {
	every policy in ["ELBSecurityPolicy-2016-08", "ELBSecurityPolicy-TLS-1-2-2017-01", "ELBSecurityPolicy-TLS13-1-2-Ext2-2021-06", "ELBSecurityPolicy-TLS13-1-0-2021-06", "ELBSecurityPolicy-TLS13-1-2-2021-06", null] {
		denied([https(policy)]) == {"aws_lb_listener.a"}
	}
	denied([listener({})]) == {"aws_lb_listener.a"}
}

http(action) := listener({"protocol": "HTTP", "default_action": [action]})

test_plain_http_is_redirected if {
	denied([http({"type": "redirect", "redirect": [{"protocol": "HTTPS", "status_code": "HTTP_301"}]})]) == set()
	denied([http({"type": "redirect", "redirect": [{"protocol": "HTTPS", "status_code": "HTTP_302"}]})]) == {"aws_lb_listener.a"}
	denied([http({"type": "redirect", "redirect": [{"protocol": "#{protocol}", "status_code": "HTTP_301"}]})]) == {"aws_lb_listener.a"}
	denied([http({"type": "forward"})]) == {"aws_lb_listener.a"}
}

test_other_ways_in_are_held_to_it_too if {
	denied([tf.resource("aws_api_gateway_domain_name", "a", {"security_policy": "TLS_1_0"})]) == {"aws_api_gateway_domain_name.a"}
	denied([tf.resource("aws_cloudfront_distribution", "a", {"viewer_certificate": [{"minimum_protocol_version": "TLSv1"}]})]) == {"aws_cloudfront_distribution.a"}
	denied([tf.resource("aws_cloudfront_distribution", "a", {"viewer_certificate": [{"minimum_protocol_version": "TLSv1.2_2021"}]})]) == set()
}
