#!/usr/bin/env bash
# pytest-xdist 3.8.0 with pytest 9.2.0: `--dist loadgroup` does not keep a group together, and says nothing.
#
# The documentation promises that tests with the same mark `xdist_group` run in one process. xdist writes the group behind each test's id
# (`item._nodeid`). pytest 9.2 makes the id of a test from another attribute, so what xdist writes has no effect: the tests of a group are spread over
# all processes, and a fixture that such a group shares is set up once in each of them. With pytest 9.1.1 the group stays together.
# `--dist loadfile` and a scheduler of one's own (`pytest_xdist_make_scheduler`) go by the id of the file and work with both.
#
# Fails when that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat > test_group.py <<'PY'
import os
import time

import pytest


@pytest.mark.xdist_group("together")
@pytest.mark.parametrize("number", range(8))
def test_runs_in_the_process_of_its_group(number):
    time.sleep(0.2)
    with open("processes.txt", "a") as file:
        file.write(os.environ["PYTEST_XDIST_WORKER"] + "\n")
PY
processes() { # version of pytest → number of processes that ran the one group
  python3 -m venv "venv-$1"
  "venv-$1/bin/pip" install -qq --disable-pip-version-check "pytest==$1" pytest-xdist==3.8.0
  rm -f processes.txt
  "venv-$1/bin/python" -m pytest -q -n 2 --dist loadgroup test_group.py >"out-$1.txt"
  sort -u processes.txt | wc -l
}
old=$(processes 9.1.1)
new=$(processes 9.2.0)
echo "pytest 9.1.1: the group ran in $old process; pytest 9.2.0: in $new processes"
[ "$old" = 1 ] && [ "$new" = 2 ]
