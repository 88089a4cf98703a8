truncate _data.agent
