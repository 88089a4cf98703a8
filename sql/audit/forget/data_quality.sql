truncate _data.data_quality
