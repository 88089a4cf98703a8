truncate data.data_quality
