# What alerts_wait_for_certainty refuses, and what it lets pass.
package observability.alerts_wait_for_certainty_test

import data.observability.alerts_wait_for_certainty

refused := [
	`groups:
  - name: a
    rules:
      - alert: QueueIsFull
        expr: queue_length > 10
        labels:
          severity: page
        annotations:
          summary: The queue takes nothing more.
          runbook_url: https://example.com/runbooks/QueueIsFull.md
`,
	`groups:
  - name: a
    rules:
      - alert: QueueIsFull
        expr: queue_length > 10
        for: 0s
        labels:
          severity: page
        annotations:
          summary: The queue takes nothing more.
          runbook_url: https://example.com/runbooks/QueueIsFull.md
`,
	`groups:
  - name: a
    rules:
      - alert: QueueIsFull
        expr: queue_length > 10
        for: 0
        labels:
          severity: page
        annotations:
          summary: The queue takes nothing more.
          runbook_url: https://example.com/runbooks/QueueIsFull.md
`,
	`groups:
  - name: a
    rules:
      - alert: QueueIsFull
        expr: queue:refused:ratio_rate5m > 0.01
        labels:
          severity: page
        annotations:
          summary: The queue takes nothing more.
          runbook_url: https://example.com/runbooks/QueueIsFull.md
`,
	`groups:
  - name: a
    rules:
      - alert: QueueIsFull
        expr: queue:refused:ratio_rate5m > 0.01 and queue:full:ratio_rate5m > 0.01
        labels:
          severity: page
        annotations:
          summary: The queue takes nothing more.
          runbook_url: https://example.com/runbooks/QueueIsFull.md
`,
]

allowed := [
	`groups:
  - name: a
    rules:
      - record: job:queue:sum
        expr: sum(queue_length)
`,
	`groups:
  - name: a
    rules:
      - alert: QueueIsFull
        expr: queue_length > 10
        for: 5m
        labels:
          severity: page
        annotations:
          summary: The queue takes nothing more.
          runbook_url: https://example.com/runbooks/QueueIsFull.md
`,
	`groups:
  - name: a
    rules:
      - alert: QueueIsFull
        expr: queue:refused:ratio_rate1h > 0.01 and queue:refused:ratio_rate5m > 0.01
        labels:
          severity: page
        annotations:
          summary: The queue takes nothing more.
          runbook_url: https://example.com/runbooks/QueueIsFull.md
`,
]

test_refuses_every_form if {
	every text in refused {
		count(alerts_wait_for_certainty.deny) > 0 with input as {"file": "observability/prometheus/a.yaml", "text": text, "tree": ["observability/runbooks/QueueIsFull.md"]}
	}
}

test_allows_its_neighbours if {
	every text in allowed {
		count(alerts_wait_for_certainty.deny) == 0 with input as {"file": "observability/prometheus/a.yaml", "text": text, "tree": ["observability/runbooks/QueueIsFull.md"]}
	}
}
