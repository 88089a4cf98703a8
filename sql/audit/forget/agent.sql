truncate data.agent
