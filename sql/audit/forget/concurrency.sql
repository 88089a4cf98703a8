truncate _data.concurrency
