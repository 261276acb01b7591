# What `terraform test` answers in AWS's place, for every test file: values that the provider's own checks of form accept.
mock_data "aws_caller_identity" {
  defaults = { account_id = "123456789012" }
}

mock_data "aws_partition" {
  defaults = {
    partition  = "aws"
    dns_suffix = "amazonaws.com"
  }
}

mock_data "aws_iam_policy_document" {
  defaults = { json = "{\"Version\":\"2012-10-17\",\"Statement\":[]}" }
}

mock_data "aws_availability_zones" {
  defaults = { names = ["eu-central-1c", "eu-central-1a", "eu-central-1b", "eu-central-1d"] }
}

mock_data "aws_prefix_list" {
  defaults = { id = "pl-6ea54007" }
}

mock_data "aws_ec2_managed_prefix_list" {
  defaults = { id = "pl-6ea54007" }
}

mock_resource "aws_kms_key" {
  defaults = {
    arn    = "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-4000-8000-000000000000"
    key_id = "00000000-0000-4000-8000-000000000000"
  }
}

mock_resource "aws_s3_bucket" {
  defaults = { arn = "arn:aws:s3:::logs-123456789012" }
}

mock_resource "aws_iam_role" {
  defaults = { arn = "arn:aws:iam::123456789012:role/mocked" }
}

mock_resource "aws_cloudwatch_log_group" {
  defaults = { arn = "arn:aws:logs:eu-central-1:123456789012:log-group:mocked" }
}

mock_resource "aws_lb" {
  defaults = {
    arn        = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/mocked/0123456789abcdef"
    arn_suffix = "app/mocked/0123456789abcdef"
    dns_name   = "mocked.eu-central-1.elb.amazonaws.com"
    zone_id    = "Z215JYRZR1TBD5"
  }
}

mock_resource "aws_lb_listener" {
  defaults = { arn = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:listener/app/mocked/0123456789abcdef/0123456789abcdef" }
}

mock_resource "aws_lb_target_group" {
  defaults = {
    arn        = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/mocked/0123456789abcdef"
    arn_suffix = "targetgroup/mocked/0123456789abcdef"
  }
}

mock_resource "aws_acm_certificate" {
  defaults = {
    arn = "arn:aws:acm:eu-central-1:123456789012:certificate/00000000-0000-4000-8000-000000000000"
    domain_validation_options = [{
      domain_name           = "shop.example.com"
      resource_record_name  = "_0123456789abcdef.shop.example.com."
      resource_record_type  = "CNAME"
      resource_record_value = "_0123456789abcdef.acm-validations.aws."
    }]
  }
}

mock_resource "aws_acm_certificate_validation" {
  defaults = { certificate_arn = "arn:aws:acm:eu-central-1:123456789012:certificate/00000000-0000-4000-8000-000000000000" }
}

mock_resource "aws_wafv2_web_acl" {
  defaults = { arn = "arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/mocked/00000000-0000-4000-8000-000000000000" }
}

mock_resource "aws_sns_topic" {
  defaults = { arn = "arn:aws:sns:eu-central-1:123456789012:mocked" }
}

mock_resource "aws_ecs_cluster" {
  defaults = { arn = "arn:aws:ecs:eu-central-1:123456789012:cluster/mocked" }
}

mock_resource "aws_ecs_task_definition" {
  defaults = { arn = "arn:aws:ecs:eu-central-1:123456789012:task-definition/mocked:1" }
}

mock_resource "aws_secretsmanager_secret" {
  defaults = { arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:mocked-AbCdEf" }
}

mock_resource "aws_cognito_user_pool" {
  defaults = {
    id       = "eu-central-1_Mocked123"
    arn      = "arn:aws:cognito-idp:eu-central-1:123456789012:userpool/eu-central-1_Mocked123"
    endpoint = "cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Mocked123"
  }
}

mock_resource "aws_db_instance" {
  defaults = {
    address     = "mocked.0123456789ab.eu-central-1.rds.amazonaws.com"
    resource_id = "db-MOCKED0123456789ABCDEFGH"
    master_user_secret = [{
      kms_key_id    = "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-4000-8000-000000000000"
      secret_arn    = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:rds!db-mocked-AbCdEf"
      secret_status = "active"
    }]
  }
}

mock_resource "aws_prometheus_workspace" {
  defaults = {
    arn                 = "arn:aws:aps:eu-central-1:123456789012:workspace/ws-00000000-0000-4000-8000-000000000000"
    prometheus_endpoint = "https://aps-workspaces.eu-central-1.amazonaws.com/workspaces/ws-00000000-0000-4000-8000-000000000000/"
  }
}
