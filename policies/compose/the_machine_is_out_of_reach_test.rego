# What the_machine_is_out_of_reach refuses, and what it lets pass.
package compose.the_machine_is_out_of_reach_test

import data.compose.the_machine_is_out_of_reach

refused := [
	`services:
  a:
    volumes: ["/var/run/docker.sock:/var/run/docker.sock:ro"]
`,
	`services:
  a:
    volumes: ["/:/host:ro"]
`,
	`services:
  a:
    volumes: ["../../:/src"]
`,
	`services:
  a:
    volumes: ["./../..:/src"]
`,
	`services:
  a:
    volumes: ["~/.aws:/aws"]
`,
	`services:
  a:
    volumes:
      - type: bind
        source: /proc
        target: /proc
`,
	`services:
  a:
    volumes: ["${SOCKET}:/var/run/docker.sock"]
`,
]

allowed := [
	`services:
  a:
    volumes: ["./prometheus:/etc/prometheus:ro", "data:/prometheus"]
`,
	`services:
  a:
    volumes:
      - type: volume
        source: data
        target: /data
`,
	`services:
  a:
    image: a
`,
]

test_refuses_every_form if {
	every text in refused {
		count(the_machine_is_out_of_reach.deny) > 0 with input as {"file": "observability/compose.yaml", "text": text}
	}
}

test_allows_its_neighbours if {
	every text in allowed {
		count(the_machine_is_out_of_reach.deny) == 0 with input as {"file": "observability/compose.yaml", "text": text}
	}
}
