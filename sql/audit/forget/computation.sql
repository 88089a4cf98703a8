truncate _data.computation
