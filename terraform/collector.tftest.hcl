# The collector beside the service: offline, with AWS mocked.
mock_provider "aws" {
  source = "./mocks"
}

variables {
  environment      = "production"
  region           = "eu-central-1"
  repository       = "example/stockade"
  domain_name      = "shop.example.com"
  zone_id          = "Z0123456789ABCDEFGHIJ"
  image            = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/stockade@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
  security_contact = "mailto:security@example.com"
  alarm_emails     = ["ops@example.com"]
}

run "it_reads_and_listens_on_loopback_and_the_service_does_without" {
  variables {
    collector_image = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/aws-otel-collector@sha256:fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
  }

  assert {
    condition     = [for container in jsondecode(aws_ecs_task_definition.service.container_definitions) : [container.name, container.essential, container.readonlyRootFilesystem, container.user]] == [["service", true, true, "65532:65532"], ["collector", false, true, "65532:65532"]]
    error_message = "It is not beside the service, the service ends with it, or it is confined otherwise."
  }

  assert {
    condition     = jsondecode(aws_ecs_task_definition.service.container_definitions)[0].dependsOn == [{ containerName = "collector", condition = "START" }]
    error_message = "It ends before the service, and with it what the service has still to say."
  }

  assert {
    condition     = !can(jsondecode(aws_ecs_task_definition.service.container_definitions)[1].secrets) && jsondecode(aws_ecs_task_definition.service.container_definitions)[1].linuxParameters.capabilities.drop == ["ALL"] && jsondecode(aws_ecs_task_definition.service.container_definitions)[1].memory == 256
    error_message = "It knows a secret, has capabilities, or can take all the memory."
  }

  assert {
    condition     = yamldecode(jsondecode(aws_ecs_task_definition.service.container_definitions)[1].environment[0].value).receivers.prometheus.config.scrape_configs[0].static_configs[0].targets == ["127.0.0.1:9464"] && yamldecode(jsondecode(aws_ecs_task_definition.service.container_definitions)[1].environment[0].value).receivers.prometheus.config.scrape_configs[0].scheme == "https"
    error_message = "It reads other metrics than the service's."
  }

  assert {
    condition     = yamldecode(jsondecode(aws_ecs_task_definition.service.container_definitions)[1].environment[0].value).receivers.otlp.protocols.http.endpoint == "127.0.0.1:4318" && startswith(yamldecode(jsondecode(aws_ecs_task_definition.service.container_definitions)[1].environment[0].value).extensions.health_check.endpoint, "127.0.0.1:")
    error_message = "Others than this task can talk to it."
  }

  assert {
    condition = { for each in jsondecode(aws_ecs_task_definition.service.container_definitions)[0].environment : each.name => each.value if startswith(each.name, "OTEL_") } == {
      OTEL_EXPORTER_OTLP_ENDPOINT = "http://${yamldecode(jsondecode(aws_ecs_task_definition.service.container_definitions)[1].environment[0].value).receivers.otlp.protocols.http.endpoint}"
      OTEL_TRACES_SAMPLER         = "parentbased_traceidratio"
      OTEL_TRACES_SAMPLER_ARG     = "0.1"
    }
    error_message = "The service makes no traces, all of them, or sends them where nobody listens."
  }

  assert {
    condition     = alltrue([for name in keys(local.trace_settings) : can(regex("(?m)^# ${name}=", file("../.env.example")))])
    error_message = "A setting that the service does not know."
  }

  assert {
    condition     = local.collector_configuration.service.pipelines.traces.receivers == ["otlp"] && local.collector_configuration.service.pipelines.traces.exporters == ["awsxray"] && local.collector_configuration.exporters.awsxray == { region = "eu-central-1" }
    error_message = "It keeps the traces to itself, or sends them to another region."
  }

  assert {
    condition     = [for statement in data.aws_iam_policy_document.collector[0].statement : sort(statement.actions) if statement.sid == "Traces"] == [tolist(["xray:PutTelemetryRecords", "xray:PutTraceSegments"])] && contains(var.interface_endpoints, "xray")
    error_message = "X-Ray refuses them, or is reached over the internet."
  }

  assert {
    condition     = yamldecode(jsondecode(aws_ecs_task_definition.service.container_definitions)[1].environment[0].value).exporters.prometheusremotewrite.endpoint == "${aws_prometheus_workspace.main.prometheus_endpoint}api/v1/remote_write" && yamldecode(jsondecode(aws_ecs_task_definition.service.container_definitions)[1].environment[0].value).extensions.sigv4auth == { region = "eu-central-1", service = "aps" }
    error_message = "It writes elsewhere, or unsigned."
  }

  assert {
    condition = alltrue([for name, pipeline in local.collector_configuration.service.pipelines :
    length(setsubtract(pipeline.receivers, keys(local.collector_configuration.receivers))) + length(setsubtract(pipeline.processors, keys(local.collector_configuration.processors))) + length(setsubtract(pipeline.exporters, keys(local.collector_configuration.exporters))) == 0])
    error_message = "A pipeline names what is not configured: the collector would not start."
  }

  assert {
    condition     = { for statement in data.aws_iam_policy_document.collector[0].statement : statement.sid => tolist(statement.resources) } == { Metrics = tolist([aws_prometheus_workspace.main.arn]), Traces = tolist(["*"]) }
    error_message = "It may write to other workspaces."
  }

  assert {
    condition     = [for statement in data.aws_iam_policy_document.collector_start[0].statement : tolist(statement.resources) if statement.sid == "Image"][0] == tolist(["arn:aws:ecr:eu-central-1:123456789012:repository/aws-otel-collector"])
    error_message = "ECS may pull another image."
  }

  assert {
    condition     = aws_cloudwatch_log_group.collector[0].kms_key_id == aws_kms_key.logs.arn
    error_message = "Its log is readable."
  }
}

run "an_image_by_its_tag_too_much_memory_and_too_few_samples_are_refused" {
  command = plan

  variables {
    collector_image         = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/aws-otel-collector:latest"
    collector_memory_mib    = 1024
    scrape_interval_seconds = 300
    trace_share             = 1.5
  }

  expect_failures = [var.collector_image, var.collector_memory_mib, var.scrape_interval_seconds, var.trace_share]
}

run "without_it_the_service_makes_no_traces" {
  command = plan

  assert {
    condition     = length(local.trace_settings) == 0 && !anytrue([for name in keys(local.container_environment) : startswith(name, "OTEL_")])
    error_message = "It sends traces to nobody."
  }
}

run "what_it_decides_is_no_setting_of_an_environment" {
  command = plan

  variables {
    collector_image = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/aws-otel-collector@sha256:fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
    settings        = { OTEL_TRACES_SAMPLER = "always_on" }
  }

  expect_failures = [aws_ecs_task_definition.service]
}
