truncate data.concurrency
