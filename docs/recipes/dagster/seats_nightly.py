"""The nightly job of `seats` in Dagster: a mapped step a tenant, which ends as its exit status says.

What another try may mend is tried again; what wants a person fails at once, and the log's last lines say what to do.
"""

import os
import subprocess

from dagster import Backoff, Config, Definitions, DynamicOut, DynamicOutput, Failure, RetryPolicy, ScheduleDefinition, job, op

SEATS = os.environ.get("SEATS", "/usr/bin/seats")
CONFIG = os.environ.get("SEATS_CONFIG", "/etc/seats/seats.yaml")
TENANTS = os.environ.get("SEATS_TENANTS", "acme").split(",")

# As in docs/operations.md. The others are tried again: 4 (not ready), 5 (source failed), 8 (the store is busy), 1, 130.
WANTS_A_PERSON = {
    3: "the two computations differ: keep the store and report it",
    6: "a blocking data-quality rule: list the switches, or a default location",
    7: "restatement needed: look, then `seats run --restate REASON`",
    9: "configuration invalid",
    80: "this job's command line",
}


class Night(Config):
    date: str = ""  # one day, rather than the newest and what is missing


@op(out=DynamicOut(str))
def tenants():
    for i, tenant in enumerate(TENANTS):
        yield DynamicOutput(tenant, mapping_key=f"t{i}")  # a key may hold less than a tenant's name


@op(retry_policy=RetryPolicy(max_retries=8, delay=float(os.environ.get("SEATS_RETRY_SECONDS", "300")), backoff=Backoff.EXPONENTIAL))
def run(context, config: Night, tenant: str):
    command = [SEATS, "--config", CONFIG, "run", "--tenant", tenant, "--log-format", "json"]
    if config.date:
        command += ["--date", config.date]
    # Passwords come from the environment, as the configuration's ${NAME} says.
    program = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        for line in program.stdout:
            context.log.info(line.rstrip())
        status = program.wait()
    finally:
        program.terminate()  # where the step was killed: it leaves everything as it was
    if status != 0:
        why = WANTS_A_PERSON.get(status)
        raise Failure(f"{tenant}: exit status {status}" + (f": {why}" if why else ""), allow_retries=why is None)


@job
def seats_nightly():
    tenants().map(run)


defs = Definitions(jobs=[seats_nightly], schedules=[ScheduleDefinition(job=seats_nightly, cron_schedule="0 3 * * *", execution_timezone="UTC")])
