truncate data.computation
