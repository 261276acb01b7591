# How many tasks run: offline, with AWS mocked.
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

run "between_two_bounds_by_requests_and_cpu_and_by_the_clock" {
  variables {
    task_count_schedules = { sale = { schedule = "cron(0 7 ? * FRI *)", time_zone = "Europe/Berlin", min = 4, max = 6 } }
  }

  assert {
    condition     = aws_appautoscaling_target.service.min_capacity == 2 && aws_appautoscaling_target.service.max_capacity == 6 && aws_appautoscaling_target.service.resource_id == "service/stockade-production/service"
    error_message = "Other bounds, or of another service."
  }

  assert {
    condition     = aws_appautoscaling_policy.requests.target_tracking_scaling_policy_configuration[0].predefined_metric_specification[0].resource_label == "${aws_lb.main.arn_suffix}/${aws_lb_target_group.service.arn_suffix}"
    error_message = "It counts the requests of another load balancer."
  }

  assert {
    condition     = aws_appautoscaling_policy.cpu.target_tracking_scaling_policy_configuration[0].predefined_metric_specification[0].predefined_metric_type == "ECSServiceAverageCPUUtilization" && aws_appautoscaling_policy.cpu.target_tracking_scaling_policy_configuration[0].target_value == 60
    error_message = "It does not look at the CPU."
  }

  assert {
    condition     = aws_appautoscaling_scheduled_action.bounds["sale"].timezone == "Europe/Berlin" && aws_appautoscaling_scheduled_action.bounds["sale"].scalable_target_action[0].min_capacity == "4"
    error_message = "The schedule is another."
  }
}

run "other_bounds_take_effect_though_what_a_schedule_does_is_ignored" {
  command = plan

  variables {
    task_count           = 3
    task_count_max       = 5
    task_count_schedules = { sale = { schedule = "cron(0 7 ? * FRI *)", time_zone = "Europe/Berlin", min = 4, max = 5 } }
  }

  assert {
    condition     = aws_appautoscaling_target.service.min_capacity == 3 && aws_appautoscaling_target.service.max_capacity == 5
    error_message = "What the variables say has no effect any more."
  }
}

run "a_bound_below_the_other_and_targets_without_room_are_refused" {
  command = plan

  variables {
    task_count                   = 4
    task_count_max               = 3
    requests_per_task_per_minute = 10
    task_cpu_target_percent      = 95
  }

  expect_failures = [var.task_count_max, var.requests_per_task_per_minute, var.task_cpu_target_percent]
}

run "more_tasks_than_the_database_takes_are_refused" {
  command = plan

  variables {
    task_count_max = 50
  }

  expect_failures = [var.task_count_max]
}

run "one_task_by_night_is_refused" {
  command = plan

  variables {
    task_count_schedules = { night = { schedule = "cron(0 22 * * ? *)", min = 1, max = 2 } }
  }

  expect_failures = [var.task_count_schedules]
}
