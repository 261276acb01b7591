# What alerts_have_runbooks refuses, and what it lets pass.
package observability.alerts_have_runbooks_test

import data.observability.alerts_have_runbooks

refused := [
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
          runbook_url: ""
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
          runbook_url: https://example.com/runbooks/QueueIsEmpty.md
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
          runbook_url: http://example.com/runbooks/QueueIsFull.md
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
        expr: queue_length > 10
        for: 5m
        labels:
          severity: page
        annotations:
          summary: The queue takes nothing more.
          runbook_url: https://example.com/runbooks/QueueIsFull
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
          runbook_url: https://example.com/runbooks/QueueIsFull.md#first
`,
]

test_refuses_every_form if {
	every text in refused {
		count(alerts_have_runbooks.deny) > 0 with input as {"file": "observability/prometheus/a.yaml", "text": text, "tree": ["observability/runbooks/QueueIsFull.md"]}
	}
}

test_allows_its_neighbours if {
	every text in allowed {
		count(alerts_have_runbooks.deny) == 0 with input as {"file": "observability/prometheus/a.yaml", "text": text, "tree": ["observability/runbooks/QueueIsFull.md"]}
	}
}
