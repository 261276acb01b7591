# The budget: told before it is overrun. Offline, with AWS mocked.
mock_provider "aws" {
  source          = "./mocks"
  override_during = plan
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

run "it_tells_of_the_forecast_and_of_what_was_spent" {
  command = plan

  variables {
    budget_monthly_usd = 400
  }

  assert {
    condition     = aws_budgets_budget.main[0].limit_amount == "400.0" && aws_budgets_budget.main[0].limit_unit == "USD" && aws_budgets_budget.main[0].time_unit == "MONTHLY"
    error_message = "Another amount."
  }

  assert {
    condition     = one(aws_budgets_budget.main[0].cost_filter).name == "TagKeyValue" && one(aws_budgets_budget.main[0].cost_filter).values == tolist(["user:Environment$production"])
    error_message = "It counts what costs something else, or nothing."
  }

  assert {
    condition     = { for notification in aws_budgets_budget.main[0].notification : notification.notification_type => notification.threshold } == { ACTUAL = 80, FORECASTED = 100 }
    error_message = "It tells too late."
  }

  assert {
    condition     = alltrue([for notification in aws_budgets_budget.main[0].notification : notification.subscriber_email_addresses == toset(["ops@example.com"])])
    error_message = "It tells nobody."
  }
}

run "a_budget_that_nobody_hears_of_is_refused" {
  command = plan

  variables {
    environment        = "staging"
    alarm_emails       = []
    budget_monthly_usd = 400
  }

  expect_failures = [var.budget_monthly_usd]
}
