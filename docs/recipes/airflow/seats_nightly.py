"""The nightly job of `seats` in Airflow: a task a tenant, which ends as its exit status says.

What another try may mend is tried again; what wants a person fails at once, and the last lines of the log say what to do.
"""

import os
import subprocess
from datetime import timedelta

import pendulum
from airflow.sdk import Param, dag, task
from airflow.sdk.exceptions import AirflowException, AirflowFailException

SEATS = os.environ.get("SEATS", "/usr/bin/seats")
CONFIG = os.environ.get("SEATS_CONFIG", "/etc/seats/seats.yaml")
TENANTS = os.environ.get("SEATS_TENANTS", "acme").split(",")

# The README's table has them all. Those that are not here are tried again: 4 (not ready), 5 (source failed), 8 (the store is busy), 1 (a
# delivery, say), 130 (interrupted). What was done is not done again.
WANTS_A_PERSON = {
    3: "the two computations differ: keep the store and report it",
    6: "a blocking data-quality rule: list the switches, or a default location",
    7: "restatement needed: look, then `seats run --restate REASON`",
    9: "configuration invalid",
    80: "this DAG's command line",
}


@dag(
    schedule="0 3 * * *",
    start_date=pendulum.datetime(2026, 3, 1, tz="UTC"),
    catchup=False,  # `seats run` brings what is missing since production_date by itself
    max_active_runs=1,
    tags=["seats"],
    params={"date": Param(None, type=["null", "string"], format="date", description="one day, rather than the newest and what is missing")},
)
def seats_nightly():
    @task(retries=8, retry_delay=timedelta(minutes=5), retry_exponential_backoff=True, max_retry_delay=timedelta(hours=1))
    def run(tenant: str, params: dict | None = None):
        command = [SEATS, "--config", CONFIG, "run", "--tenant", tenant, "--log-format", "json"]
        if date := (params or {}).get("date"):
            command += ["--date", date]
        # Passwords come from the worker's environment, as the configuration's ${NAME} says.
        program = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        try:
            for line in program.stdout:
                print(line, end="")
            status = program.wait()
        finally:
            program.terminate()  # where the task was killed: it leaves everything as it was
        if status in WANTS_A_PERSON:
            raise AirflowFailException(f"{tenant}: exit status {status}: {WANTS_A_PERSON[status]}")
        if status != 0:
            raise AirflowException(f"{tenant}: exit status {status}")

    run.expand(tenant=TENANTS)


seats_nightly()
