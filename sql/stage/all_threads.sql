set threads = getvariable('all_threads')
